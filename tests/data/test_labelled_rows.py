"""Columns of labelled tables; whole files are read in `datasets/test_table.py`."""

import pytest

from firstwords.data.datasets.table import Table
from firstwords.data.table_rows import Row
from firstwords.errors import RecipeError
from firstwords.recipe import build


def data(tmp_path, **fields) -> Table:
    (tmp_path / "t.jsonl").write_text("{}")
    return build(Table, {"path": str(tmp_path / "t.jsonl")} | fields)


@pytest.mark.parametrize(("value", "label"), [("a ", "a"), (3, "3"), (True, "true"), (1.5, "1.5")])
def test_labels_are_texts(tmp_path, value, label) -> None:
    rows = [Row({"text": "t", "label": value}, "f:1", "1")]
    assert [each.label for each in data(tmp_path).records(rows, "f")] == [label]


def test_only_named_labels_are_kept(tmp_path) -> None:
    rows = [Row({"text": "t", "label": value}, "f:1", "1") for value in ("0", "1", "2")]
    named = data(tmp_path, labels={"0": "no", "2": "yes"})
    assert [each.label for each in named.records(rows, "f")] == ["no", "yes"]
    rows = [Row({"text": "t", "label": ["0", "1"]}, "f:1", "1")]
    assert [each.labels for each in named.records(rows, "f")] == [("no",)]


def test_the_labels_to_keep_may_stand_in_a_file(tmp_path) -> None:
    (tmp_path / "l.json").write_text('{"list": ["0", "2"], "names": {"0": "no"}, "bad": [0], "none": []}')
    rows = [Row({"text": "t", "label": value}, "f:1", "1") for value in ("0", "1", "2")]

    def kept(labels) -> list[str]:
        return [each.label for each in data(tmp_path, labels=labels).records(rows, "f")]

    assert kept(["0", "2"]) == kept(f"{tmp_path}/l.json#list") == ["0", "2"]
    assert kept(f"{tmp_path}/l.json#names") == ["no"]
    for key in ("bad", "none"):
        with pytest.raises(RecipeError, match=f"#{key}: holds neither an object of names nor a list of labels"):
            kept(f"{tmp_path}/l.json#{key}")
    with pytest.raises(RecipeError, match="no key 'lits'. Did you mean 'list'"):
        kept(f"{tmp_path}/l.json#lits")
    with pytest.raises(RecipeError, match=r"labels.*no such file.*Did you mean 'l.json'"):
        data(tmp_path, labels=f"{tmp_path}/m.json")


def test_another_file_of_labels_is_another_data_set(tmp_path) -> None:
    (tmp_path / "l.json").write_text('["0"]')
    named = data(tmp_path, labels=str(tmp_path / "l.json"))
    before = named.fingerprint()
    (tmp_path / "l.json").write_text('["1"]')
    assert named.fingerprint() != before != data(tmp_path).fingerprint()


def test_a_text_that_is_none_is_refused(tmp_path) -> None:
    with pytest.raises(RecipeError, match="f:1: 'text' holds int, not a text"):
        list(data(tmp_path).records([Row({"text": 1, "label": 1}, "f:1", "1")], "f"))


def test_contradictions_are_refused(tmp_path) -> None:
    with pytest.raises(RecipeError, match="not both"):
        data(tmp_path, label=["a", "b"], separator=",")
    with pytest.raises(RecipeError, match="pattern: not a regular expression"):
        data(tmp_path, pattern="(")
