import json

import pytest

from firstwords.data.datasets.instructions import Instructions
from firstwords.errors import RecipeError
from firstwords.recipe import build

WRAPPED = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\nq\n\n### Input:\ni\n\n### Response:\n"
)


def records(tmp_path, *rows, **fields):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = build(Instructions, {"paths": [str(tmp_path / "a.jsonl")], "test_share": 0, "validation_share": 0} | fields)
    return [record.messages for record in data.parts()["train"]]


@pytest.mark.parametrize(
    ("row", "question"),
    [
        ({"instruction": "q", "input": "", "output": "a"}, "q"),
        ({"instruction": "q", "input": "i", "output": "a"}, "q\n\ni"),
        ({"instruction": "q", "context": "i", "response": "a", "category": "c"}, "q\n\ni"),
        ({"prompt": "q", "response": "a"}, "q"),
        ({"prompt": WRAPPED, "response": "a"}, "q\n\ni"),
        ({"question": "q", "answer": "a"}, "q"),
        ({"prompt": "q", "completion": "a", "input": None}, "q"),
    ],
)
def test_known_forms(tmp_path, row, question):
    assert records(tmp_path, row) == [(("user", question), ("assistant", "a"))]


def test_history_system_instances_and_own_keys(tmp_path):
    row = {"instruction": "q", "output": "a", "system": "s", "history": [["b", "c"]]}
    assert records(tmp_path, row) == [
        (("system", "s"), ("user", "b"), ("assistant", "c"), ("user", "q"), ("assistant", "a"))
    ]
    row = {"instruction": "q", "instances": [{"input": "i", "output": "a"}, {"input": "", "output": "b"}]}
    assert [found[-1][1] for found in records(tmp_path, row)] == ["a", "b"]
    assert records(tmp_path, {"ask": "q", "say": "a"}, question="ask", answer="say")[0][0] == ("user", "q")
    assert records(tmp_path, {"prompt": WRAPPED, "response": "a"}, unwrap=False)[0][0] == ("user", WRAPPED)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a"}, "line 2: no question: it needs 'instruction' or 'prompt'"),
        ({"prompt": "q"}, "line 2: no answer: it needs 'output'"),
        ({"prompt": "q", "response": ""}, "line 2: the answer is empty"),
        ({"prompt": 3, "response": "a"}, "line 2: the question is int"),
        ({"prompt": "q", "response": "a", "history": ["b"]}, "line 2: 'history' is not a list of pairs"),
        ({"instruction": "q", "instances": ["b"]}, "line 2: 'instances' is not a list of objects"),
    ],
)
def test_malformed_records_are_told_by_line(tmp_path, row, message):
    with pytest.raises(RecipeError, match=message):
        records(tmp_path, {"prompt": "q", "response": "a"}, row)
