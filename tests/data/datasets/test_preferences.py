import json

import pytest

from firstwords.data.datasets.preferences import Preferences
from firstwords.errors import RecipeError
from firstwords.recipe import build

USER = ("user", "q")


def records(tmp_path, *rows, **fields):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = build(Preferences, {"paths": [str(tmp_path / "a.jsonl")], "test_share": 0, "validation_share": 0} | fields)
    return [(record.messages, record.chosen, record.rejected) for record in data.parts()["train"]]


def message(role, content):
    return {"role": role, "content": content}


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "q", "chosen": "good", "rejected": "bad"},
        {"instruction": "q", "input": "", "chosen": "good", "rejected": "bad"},
        {
            "conversations": [{"from": "human", "value": "q"}],
            "chosen": {"from": "gpt", "value": "good"},
            "rejected": {"from": "gpt", "value": "bad"},
        },
        {"prompt": [message("user", "q")], "chosen": [message("assistant", "good")], "rejected": "bad"},
        {
            "prompt": "q",
            "chosen": [message("user", "q"), message("assistant", "good")],
            "rejected": [message("user", "q"), message("assistant", "bad")],
        },
        {"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"},
    ],
)
def test_known_forms(tmp_path, row):
    assert records(tmp_path, row) == [((USER,), "good", "bad")]


def test_dialogues_are_cut_where_they_part(tmp_path):
    same = "\n\nHuman: q\n\nAssistant: a\n\nHuman: r"
    longer = {
        "chosen": f"{same}\n\nAssistant: good\n\nHuman: t\n\nAssistant: u",
        "rejected": f"{same}\n\nAssistant: bad",
    }
    assert records(tmp_path, longer) == [((USER, ("assistant", "a"), ("user", "r")), "good", "bad")]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"prompt": "q", "chosen": "good"}, "no 'rejected'"),
        ({"prompt": "q", "chosen": "good", "rejected": "good"}, "do not differ"),
        ({"chosen": "good", "rejected": "bad"}, "no question"),
        ({"prompt": "q", "chosen": [], "rejected": "bad"}, "empty list"),
        ({"prompt": "q", "chosen": 3, "rejected": "bad"}, "int, not a text"),
        (
            {"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: r\n\nAssistant: a"},
            "part with a message of the user",
        ),
        (
            {"messages": [message("user", "q"), message("assistant", "a")], "chosen": "b", "rejected": "c"},
            "ends with an answer",
        ),
    ],
)
def test_malformed_records_are_told_by_line(tmp_path, row, what):
    with pytest.raises(RecipeError, match=f"line 2: .*{what}"):
        records(tmp_path, {"prompt": "q", "chosen": "good", "rejected": "bad"}, row)
