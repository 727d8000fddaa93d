import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from firstwords.artifact import Artifact, write_json
from firstwords.errors import RecipeError
from firstwords.overview import dropped, find_artifact, load_record, show, table

ROWS = [
    {"id": "1", "url": "u1", "text": "too\nshort", "step": "gopher_quality", "rule": "min_words", "score": 2.0},
    {"id": "2", "url": None, "text": "x" * 500, "step": "language", "rule": "language", "score": 0.1},
]


@pytest.fixture
def root(tmp_path):
    for stage, extra in (("clean", {}), ("evaluate", {})):
        folder = tmp_path / stage / f"{stage}-0"
        manifest = {"name": stage, "stage": stage, "identity": "0", "summary": f"{stage} done", "counts": {"kept": 1}}
        write_json(folder / "manifest.json", manifest | extra)
    (tmp_path / "clean" / "clean-0" / "dropped").mkdir()
    parquet.write_table(pa.Table.from_pylist(ROWS), tmp_path / "clean" / "clean-0" / "dropped" / "0.parquet")
    results = {"language": {"bits_per_byte": {"value": 1.6, "low": 1.5, "high": 1.7, "baseline": {"xz": 2.4}}}}
    write_json(tmp_path / "evaluate" / "evaluate-0" / "results.json", results)
    artifacts = {"evaluate": "evaluate/evaluate-0", "clean": "clean/clean-0"}
    write_json(tmp_path / "recipes" / "tiny.json", {"name": "tiny", "artifacts": artifacts})
    return tmp_path


def test_show_is_one_json_object(root) -> None:
    shown = show("tiny", root=root)
    assert shown["results"]["language"]["bits_per_byte"]["baseline"] == {"xz": 2.4}
    assert shown["counts"]["clean"] == {"kept": 1}
    json.dumps(shown)


def test_dropped_documents_come_with_rule_score_and_excerpt(root) -> None:
    rows = list(dropped(find_artifact("tiny/clean", root)))
    assert [(r.rule, r.score) for r in rows] == [("min_words", 2.0), ("language", 0.1)]
    assert rows[0].excerpt == "too short"
    assert len(rows[1].excerpt) == 120


@pytest.mark.parametrize("rule", ["min_words", "gopher_quality", "gopher_quality.min_words"])
def test_rules_select(root, rule: str) -> None:
    assert [r.id for r in dropped(find_artifact("tiny/clean", root), [rule])] == ["1"]


def test_a_misspelt_rule_names_the_nearest(root) -> None:
    with pytest.raises(RecipeError, match="Did you mean 'min_words'"):
        list(dropped(find_artifact("tiny/clean", root), ["min_word"]))


def test_names_that_do_not_exist_are_told(root) -> None:
    with pytest.raises(RecipeError, match="Did you mean 'tiny'"):
        load_record("tinny", root)
    with pytest.raises(RecipeError, match="Did you mean 'clean'"):
        find_artifact("tiny/claen", root)
    with pytest.raises(RecipeError, match="keeps no list"):
        list(dropped(find_artifact("tiny/evaluate", root)))
    with pytest.raises(RecipeError, match="names no artifact"):
        find_artifact("tiny", root)


def test_a_folder_is_an_artifact_too(root) -> None:
    assert isinstance(find_artifact(str(root / "clean" / "clean-0"), root), Artifact)


def test_the_table_follows_the_order_of_the_stages(root) -> None:
    assert [line.split()[0] for line in table(load_record("tiny", root))] == ["clean", "evaluate"]
