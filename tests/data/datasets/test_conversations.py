import json

from firstwords.data.datasets.conversations import Conversations
from firstwords.recipe import build


def test_sharegpt_with_tools(tmp_path):
    turns = [("human", "a"), ("function_call", '{"f": 1}'), ("observation", "r"), ("gpt", "b")]
    rows = [{"conversations": [{"from": r, "value": v} for r, v in turns], "tools": "[t]", "system": "s"}]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    data = build(Conversations, {"paths": [str(tmp_path / "a.json")], "test_share": 0, "validation_share": 0})
    (record,) = data.parts()["train"]
    assert record.messages == (
        ("system", "s\n\nTools:\n[t]"),
        ("user", "a"),
        ("assistant", '{"f": 1}'),
        ("tool", "r"),
        ("assistant", "b"),
    )
    assert (record.id, record.group) == ("a.json#1", "a")
