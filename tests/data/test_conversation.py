import json
import lzma

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.conversation import (
    ChatRecord,
    PreferenceRecord,
    check_order,
    numbered_rows,
    read_rows,
    turn_of,
    turns_of,
    with_system,
)
from firstwords.data.dataset import read_records, table_of
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError

ROWS = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([None, 1, 2]), st.sampled_from(["", "\n", " \n\n"]))
def test_an_array_gives_its_records_with_their_lines(tmp_path_factory, rows, indent, front):
    place = tmp_path_factory.mktemp("rows") / "a.json"
    text = front + json.dumps(rows, indent=indent)
    place.write_text(text)
    found = list(numbered_rows(place))
    assert [row for _, row in found] == rows
    lines = text.split("\n")
    assert all(lines[line - 1].lstrip(" [").startswith("{") for line, _ in found)
    assert [line for line, _ in found] == sorted(line for line, _ in found)


def test_json_lines_and_packed_files(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n\n{"a": 2}\n')
    assert list(numbered_rows(tmp_path / "a.jsonl")) == [(1, {"a": 1}), (3, {"a": 2})]
    with lzma.open(tmp_path / "b.json.xz", "wt") as file:
        file.write('[{"a": 1},\n {"a": 2}]')
    assert list(numbered_rows(tmp_path / "b.json.xz")) == [(1, {"a": 1}), (2, {"a": 2})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": \n', "line 2: not JSON"),
        ('[{"a": 1},\n{"a" 1}]', "line 2: not JSON"),
        ('[{"a": 1}\n{"a": 1}]', "line 2: expected a comma"),
        ('[{"a": 1},\n3]', "line 2: a record is an object, not int"),
        ('[{"a": 1}', "line 1: expected a comma or the end"),
        ("", "no records"),
        ("[]", "no records"),
        ("\xff", "not UTF-8"),
    ],
)
def test_malformed_files_are_told_by_line(tmp_path, text, message):
    (tmp_path / "a.jsonl").write_text(text, encoding="latin-1")
    with pytest.raises(RecipeError, match=message):
        list(numbered_rows(tmp_path / "a.jsonl"))


def test_a_malformed_record_is_an_error_or_is_told_and_left_out(tmp_path):
    def make(row):
        if row["a"] == 2:
            raise ValueError("two")
        return [row["a"]]

    place = tmp_path / "a.jsonl"
    place.write_text('{"a": 1}\n{"a": 2}\n{"a": 3}\n')
    with pytest.raises(RecipeError, match=r"a\.jsonl: line 2: two"):
        list(read_rows(place, make))
    told = []
    assert list(read_rows(place, make, told.append)) == [(1, 1), (3, 3)]
    assert told == ["a.jsonl: line 2: two"]


def test_both_ways_to_write_a_message():
    assert turn_of({"role": "user", "content": "a"}, "it") == ("user", "a")
    assert turn_of({"from": "gpt", "value": "a"}, "it") == ("assistant", "a")
    assert turn_of({"from": "observation", "value": "a"}, "it") == ("tool", "a")
    for value, message in (
        ("a", "not an object"),
        ({"role": "poet", "content": "a"}, "the role 'poet'"),
        ({"role": "user"}, "missing"),
        ({"role": "user", "content": ["a"]}, "list, not a text"),
        ({"role": "user", "content": " "}, "empty"),
        ({"role": "user", "content": "\ud800"}, "surrogate"),
    ):
        with pytest.raises(ValueError, match=message):
            turn_of(value, "it")


def test_system_and_tools_become_one_message():
    assert with_system([("system", "b"), ("user", "c")], "a", [{"x": 1}]) == [
        ("system", 'a\n\nTools:\n[{"x": 1}]\n\nb'),
        ("user", "c"),
    ]
    assert with_system([("user", "c")], None, "") == [("user", "c")]
    with pytest.raises(ValueError, match="no 'messages'"):
        turns_of({"text": "a"})
    with pytest.raises(ValueError, match="not a list"):
        turns_of({"messages": []})


@pytest.mark.parametrize(
    ("roles", "answered", "message"),
    [
        ("ua", True, None),
        ("suataua", True, None),
        ("u", False, None),
        ("au", True, "does not begin"),
        ("u", True, "no answer"),
        ("ua", False, "ends with an answer"),
        ("uua", True, "1 and 2 are both of the user"),
        ("usa", True, "stands first"),
        ("", True, "does not begin"),
    ],
)
def test_the_order_of_turns(roles, answered, message):
    names = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    turns = [(names[role], "x") for role in roles]
    if message is None:
        check_order(turns, answered=answered)
    else:
        with pytest.raises(ValueError, match=message):
            check_order(turns, answered=answered)


def test_records_are_stored_and_read_back(tmp_path):
    turns = (("user", "a"), ("assistant", "b"))
    for record in (ChatRecord("1", "a", turns), PreferenceRecord("1", "a", turns[:1], "c", "d")):
        write_table(tmp_path / "r.parquet", table_of([record], type(record)))
        assert read_records(tmp_path / "r.parquet") == [record]
