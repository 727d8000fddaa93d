import pytest

from firstwords.data.labelled_files import Place
from firstwords.data.table_rows import Row, require_columns, rows_of
from firstwords.errors import RecipeError


def read(tmp_path, name: str, content: str, key: str = "", **options) -> list[Row]:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return list(rows_of(Place(tmp_path / name, "", key), **options))


def test_rows_know_the_line_on_which_they_begin(tmp_path) -> None:
    rows = read(tmp_path, "t.csv", 'a,b\r\n"x\ny",1\r\n\r\nz,2\r\n')
    assert [(row.where.rpartition(":")[2], row.name, row.values["a"]) for row in rows] == [
        ("2", "1", "x\ny"),
        ("5", "2", "z"),
    ]


def test_json_is_a_list_an_object_or_under_a_key(tmp_path) -> None:
    assert [r.values for r in read(tmp_path, "t.json", '[["a", 1]]')] == [{"0": "a", "1": 1}]
    assert [r.name for r in read(tmp_path, "t.json", '{"x": {"a": 1}, "y": {"a": 2}}')] == ["x", "y"]
    assert [r.values for r in read(tmp_path, "t.json", '{"x": {"y": [{"a": 1}]}}', "x.y")] == [{"a": 1}]
    with pytest.raises(RecipeError, match="no key 'z'. Keys: x"):
        read(tmp_path, "t.json", '{"x": []}', "z")
    with pytest.raises(RecipeError, match=r"t\.json:2: not JSON"):
        read(tmp_path, "t.json", "[\n,]")


def test_columns_that_are_missing_or_empty_are_told_apart() -> None:
    with pytest.raises(RecipeError, match="f:1: no column 'labels'. Did you mean 'label'"):
        require_columns(Row({"label": 1}, "f:1", "1"), ["labels"])
    with pytest.raises(RecipeError, match="f:1: 'label' is empty"):
        require_columns(Row({"label": None}, "f:1", "1"), ["label"])
