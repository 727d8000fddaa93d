"""Files of one JSON object or list."""

import json
import lzma

import pytest

from firstwords.data.document import Rejection
from firstwords.data.sources.json_object import JsonObject
from firstwords.errors import RecipeError

ROWS = {"17": {"QUESTION": "Does it?", "CONTEXTS": ["One.", "Two."], "n": 3}, "18": "none", "19": {"QUESTION": "Why?"}}


def test_keys_are_ids_and_lists_of_texts_are_joined(tmp_path):
    (tmp_path / "a.json.xz").write_bytes(lzma.compress(json.dumps(ROWS).encode()))
    source = JsonObject(path=str(tmp_path / "a.json.xz"), text=("QUESTION", "CONTEXTS"))
    first, second, third = source.read(tmp_path / "a.json.xz", "a")
    assert (first.origin, first.body) == ("a#17", b"Does it?\n\nOne.\nTwo.")
    assert isinstance(second, Rejection) and second.reason == "malformed"
    assert third.body == b"Why?"


def test_lists_too(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([{"text": "a"}, {"text": "b"}]))
    source = JsonObject(path=str(tmp_path))
    assert [record.origin for record in source.read(tmp_path / "a.json", "a")] == ["a#0", "a#1"]


@pytest.mark.parametrize("content", ["{", "3", '"text"'])
def test_other_files_are_told(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    (found,) = JsonObject(path=str(tmp_path)).read(tmp_path / "a.json", "a")
    assert found.reason == "malformed"


def test_an_unknown_field_is_refused_before_reading(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    with pytest.raises(RecipeError, match="QUESTION"):
        JsonObject(path=str(tmp_path), text="QUESTIONS").check(tmp_path / "a.json", "a")
