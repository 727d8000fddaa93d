import datetime

import pytest

from firstwords.data.document import Rejection
from firstwords.data.rows import string, value_of
from firstwords.data.source import Record
from firstwords.data.sources.jsonl import Jsonl
from firstwords.errors import RecipeError


def source(**fields) -> Jsonl:
    return Jsonl(**{"path": "."} | fields)


def test_several_columns_make_one_text() -> None:
    rows = source(text=("title", "body"))
    found = rows.record({"title": "T", "body": "b", "x": 1}, "f#1", 9)
    assert isinstance(found, Record) and found.body == b"T\n\nb" and found.title == "T"
    assert rows.record({"title": None, "body": b"b"}, "f#1", 9).body == b"b"
    assert isinstance(rows.record({"title": None}, "f#1", 9), Rejection)


def test_values_as_text() -> None:
    row = {
        "day": datetime.date(2024, 5, 6),
        "at": datetime.datetime(2024, 5, 6, 7, 8, tzinfo=datetime.UTC),
        "n": 3, "yes": True, "list": [1, "ä"], "deep": {"b": {"c": "x"}, "a": b"y"}, "a.b": "exact", "none": "",
    }  # fmt: skip
    assert string(row, "day") == "2024-05-06" and string(row, "at") == "2024-05-06T07:08:00+00:00"
    assert [string(row, key) for key in ("n", "yes", "list", "none", "missing", "")] == (
        ["3", "true", '[1, "ä"]', None, None, None]
    )
    assert value_of(row, "deep.b.c") == "x" and value_of(row, "a.b") == "exact" and value_of(row, "n.x") is None
    assert string(row, "deep") == '{"a": "b\'y\'", "b": {"c": "x"}}'


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": "txt"}, r"text: no column 'txt' in a.csv. Did you mean 'text'\? Columns: text, url, meta"),
        ({"id": "key"}, "id: no column 'key'"),
        ({"url": "uri"}, "url: no column 'uri' in a.csv. Did you mean 'url'"),
        ({"metadata": ("meta.a", "lang")}, "metadata: no column 'lang'"),
        ({"text": ("text", "titel")}, "text: no column 'titel'"),
    ],
)
def test_columns_that_are_not_there_are_named(fields, message) -> None:
    with pytest.raises(RecipeError, match=message):
        source(**fields).require(["text", "url", "meta"], "a.csv")


def test_usual_columns_may_be_absent_and_only_named_ones_are_read() -> None:
    source(title="", metadata=("meta.a",)).require(["text", "meta"], "a.csv")
    assert source(metadata=("meta.a",)).roots(["x", "text", "meta", "date"]) == ["text", "meta", "date"]
