import json

import pytest

from firstwords.data.datasets.conversations import Conversations
from firstwords.errors import RecipeError
from firstwords.recipe import build


def write(place, rows):
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(place)


def row(question, answer="b"):
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def test_conversations_with_one_beginning_are_in_one_part(tmp_path):
    path = write(tmp_path / "a.jsonl", [row(f"q{n % 60}", f"a{n}") for n in range(240)])
    parts = build(Conversations, {"paths": [path], "test_share": 0.3, "validation_share": 0.3}).parts()
    groups = {part: {record.group for record in records} for part, records in parts.items()}
    assert all(groups.values())
    assert sum(map(len, groups.values())) == 60
    assert sum(map(len, parts.values())) == 240


def test_parts_may_have_files_of_their_own(tmp_path):
    paths = {
        part: [write(tmp_path / f"{part}.jsonl", [row(f"{part}{n}") for n in range(5)])]
        for part in ("paths", "validation", "test")
    }
    data = build(Conversations, paths)
    assert {part: len(records) for part, records in data.parts().items()} == dict.fromkeys(data.parts(), 5)
    before = data.fingerprint()
    write(tmp_path / "test.jsonl", [row("changed")])
    assert data.fingerprint() != before


def test_malformed_records_are_refused_or_left_out_and_listed(tmp_path):
    path = write(tmp_path / "a.jsonl", [row("a"), {"messages": [{"role": "user", "content": "a"}]}, row("c")])
    with pytest.raises(RecipeError, match=r"a\.jsonl: line 2: the conversation has no answer"):
        build(Conversations, {"paths": [path]}).parts()
    data = build(Conversations, {"paths": [path], "malformed": "leave_out"})
    assert sum(map(len, data.parts().values())) == 2
    assert data.notes() == ["a.jsonl: line 2: the conversation has no answer of the assistant"]
    with pytest.raises(RecipeError, match="give each path once"):
        build(Conversations, {"paths": [path, path], "malformed": "leave_out"}).parts()
