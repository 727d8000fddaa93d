import json
from dataclasses import dataclass
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.compute.pools.local import Local
from firstwords.errors import RecipeError
from firstwords.find import find
from firstwords.recipe import (
    Component,
    Count,
    Duration,
    InputPath,
    Kind,
    Size,
    SourcePath,
    build,
    components_in,
    configuration,
    is_address,
    runtime,
    without_versions,
)


@dataclass(frozen=True, kw_only=True)
class Kitchen(Component):
    version = 3
    cooks: int = 1
    heat: Duration = 60.0
    store: Size = 0
    guests: Count = 0
    shelf: InputPath | None = None
    pool: Annotated[Component, Kind("compute.pools")] = Local()
    helpers: tuple[Annotated[Component, Kind("compute.pools")], ...] = ()
    talk: int = runtime(10)


def mistake(**values: object) -> str:
    with pytest.raises(RecipeError) as caught:
        build(Kitchen, values, "menu.toml: kitchen")
    return str(caught.value)


def test_plain_values_become_a_component() -> None:
    kitchen = build(Kitchen, {"cooks": 2, "heat": "10min", "store": "64MiB", "guests": "1.5M"})
    assert (kitchen.cooks, kitchen.heat, kitchen.store, kitchen.guests) == (2, 600.0, 64 * 2**20, 1_500_000)


def test_an_unknown_key_is_refused_with_path_and_nearest_name() -> None:
    assert mistake(cook=2).startswith("menu.toml: kitchen.cook: unknown field. Did you mean 'cooks'?")


def test_a_mistake_inside_a_nested_component_names_its_position() -> None:
    text = mistake(helpers=[{"kind": "local"}, {"kind": "local", "worker": 2}])
    assert text == "menu.toml: kitchen.helpers.1.worker: unknown field. Did you mean 'workers'? Fields: workers"


def test_an_unknown_kind_names_the_nearest() -> None:
    assert "unknown kind 'locall' in compute/pools. Did you mean 'local'?" in mistake(pool={"kind": "locall"})


def test_all_mistakes_are_reported_at_once() -> None:
    assert len(mistake(cook=1, heat="soon", store="1 acre").splitlines()) == 3


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("cooks", "two", "kitchen.cooks: input should be a valid integer"),
        ("heat", "10 parsecs", "'10 parsecs' is not a duration; write for example"),
        ("store", 1.5, "1.5 is not a whole number of bytes"),
        ("guests", True, "True is not a count"),
        ("shelf", "/nowhere/at/all", "no such file or folder: /nowhere/at/all"),
        ("shelf", 3, "'3' is not a path"),
        ("pool", 3, "expected a table with a 'kind'"),
        ("pool", {"workers": 3}, "expected a table with a 'kind'"),
    ],
)
def test_wrong_values_are_told_with_their_field(field: str, value: object, part: str) -> None:
    text = mistake(**{field: value})
    assert text.startswith(f"menu.toml: kitchen.{field}: ")
    assert part in text


def test_a_path_may_begin_with_the_data_variable_and_is_kept_as_written(tmp_path, monkeypatch) -> None:
    (tmp_path / "shelf").mkdir()
    monkeypatch.setenv("FIRSTWORDS_DATA", str(tmp_path))
    assert build(Kitchen, {"shelf": "$FIRSTWORDS_DATA/shelf"}).shelf == "$FIRSTWORDS_DATA/shelf"
    assert "Did you mean 'shelf'?" in mistake(shelf="$FIRSTWORDS_DATA/shelv")
    monkeypatch.delenv("FIRSTWORDS_DATA")
    assert "needs the environment variable FIRSTWORDS_DATA" in mistake(shelf="$FIRSTWORDS_DATA/shelf")


def test_configuration_writes_every_default_and_leaves_runtime_fields_out() -> None:
    plain = configuration(Kitchen())
    assert plain["version"] == 3
    assert plain["heat"] == 60.0
    assert "talk" not in plain
    assert configuration(Kitchen(), with_runtime=True)["talk"] == 10
    assert plain["pool"] == {"kind": "local", "version": 1}
    json.dumps(plain)


def test_components_in_finds_nested_ones() -> None:
    assert len(list(components_in(Kitchen(helpers=(Local(), Local()))))) == 4


@given(st.integers(0, 10**15))
def test_counts_survive_grouping(number: int) -> None:
    assert build(Kitchen, {"guests": f"{number:_}"}).guests == number
    assert build(Kitchen, {"guests": f"{number:,}"}).guests == number


@given(st.text(max_size=20))
def test_no_text_makes_a_unit_crash(text: str) -> None:
    try:
        assert build(Kitchen, {"heat": text}).heat >= 0
    except RecipeError as error:
        assert "kitchen" not in str(error)


@dataclass(frozen=True, kw_only=True)
class Well(Component):
    version = 2
    path: SourcePath


def test_a_source_may_lie_elsewhere(tmp_path) -> None:
    for address in ("s3://bucket/a/*.csv", "https://a.org/x", "memory://a", "zip://x.csv::s3://bucket/a.zip"):
        assert is_address(address) and build(Well, {"path": address}).path == address
    assert not is_address("C:/x") and not is_address("/a://b") and not is_address("$FIRSTWORDS_DATA/a")
    assert build(Well, {"path": str(tmp_path)}).path == str(tmp_path)
    with pytest.raises(RecipeError, match="path: no such file"):
        build(Well, {"path": str(tmp_path / "none")})
    with pytest.raises(RecipeError, match="keep passwords out of it"):
        build(Well, {"path": "ftp://user:word@a.org/x"})


def test_a_configuration_without_versions_is_built_again() -> None:
    kitchen = Kitchen(cooks=2, helpers=(Local(),))
    values = without_versions(configuration(kitchen))
    assert "version" not in json.dumps(values) and values.pop("kind")
    assert build(Kitchen, values) == kitchen


def test_of_several_types_the_one_that_was_meant_is_told(monkeypatch):
    monkeypatch.delenv("FIRSTWORDS_DATA", raising=False)
    table = find("data.datasets", "table")

    def said(**values):
        with pytest.raises(RecipeError) as caught:
            build(table, {"text": 0, "label": 1} | values, "r: data")
        return str(caught.value).splitlines()

    (line,) = said(path="$FIRSTWORDS_DATA/x.csv")
    assert line.startswith("r: data.path: '$FIRSTWORDS_DATA/x.csv' needs the environment variable FIRSTWORDS_DATA")
    assert said(path={"a": "/nowhere/x.csv"})[-1] == "r: data.path.a: no such file: /nowhere/x.csv."
    assert said(path="/nowhere/x.csv") == ["r: data.path: no such file: /nowhere/x.csv."]


def test_what_is_wrong_inside_a_list_is_told_once():
    evaluate = find("stages", "evaluate")
    with pytest.raises(RecipeError) as caught:
        build(evaluate, {"tasks": [{"kind": "perplexty"}]}, "r: evaluate")
    (line,) = str(caught.value).splitlines()
    assert line.startswith("r: evaluate.tasks.0: unknown kind 'perplexty'")
    with pytest.raises(RecipeError, match="evaluate.tasks: input should be a valid list, but it is 3"):
        build(evaluate, {"tasks": 3}, "r: evaluate")
