import pytest

from firstwords.data.hub_parts import HubSplits, label_names_of, split_rows


def test_names_are_found_beside_the_files_in_old_and_new_forms(tmp_path) -> None:
    (tmp_path / "train.jsonl").write_text('{"a": 0}\n')
    assert label_names_of(tmp_path / "train.jsonl") == {}
    (tmp_path / "dataset_info.json").write_text(
        '{"features": {"a": {"names": ["x"]}, "b": [{"names": ["y", "z"]}], "c": {"dtype": "int64"}}}'
    )
    assert label_names_of(tmp_path / "train.jsonl") == {"a": ("x",), "b": ("y", "z")}


def test_rows_of_several_files_have_different_names(tmp_path) -> None:
    for number in range(2):
        (tmp_path / f"train-{number}.jsonl").write_text('{"a": 0}\n{"a": 1}\n')
    rows, _ = split_rows(HubSplits(dataset=str(tmp_path)), "train")
    assert [row.name for row in rows] == ["0.1", "0.2", "1.1", "1.2"]


def test_a_folder_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no such folder"):
        HubSplits(dataset="./no-such-folder")
