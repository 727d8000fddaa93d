import json
import os
import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.generation import Generation, last_number
from firstwords.inference.sampling import GREEDY
from firstwords.recipe import build

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))


def file_of(folder, rows):
    place = folder / "asked.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(place)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234.50 dollars", "1234.5"), ("so it is 72.", "72"), ("$5, not -$7.10!", "-7.1"), ("none", ""), ("-0", "0")],
)
def test_the_last_number(text, number):
    assert last_number(text) == number


@given(st.integers(-(10**9), 10**9))
def test_a_number_is_known_however_it_is_written(number):
    assert last_number(f"It is {number:,}.") == last_number(f"{number}.00") == str(number)


def test_numbers_are_taken_from_both_and_only_they_count(tmp_path):
    path = file_of(tmp_path, [{"question": "q", "answer": "3 + 4 = 7\n#### 1,007"}])
    task = Generation(path=path, take="number")
    examples = task.examples({})
    items = task.score(examples, ["it is 12, no, 1007.0"])
    assert items["gold"] == [["1007"]] and items["predicted"] == ["1007"]
    assert [m.value(items) for m in task.metrics(examples)] == [1.0]
    assert task.metrics(examples)[0].value(task.score(examples, ["no idea"])) == 0.0


def test_several_answers_are_accepted(tmp_path):
    rows = [{"question": "q", "answer": "Onion", "aliases": ["Allium"]}, {"question": "r", "answer": ["a", "b"]}]
    task = Generation(path=file_of(tmp_path, rows), also="aliases", take="line")
    examples = task.examples({})
    items = task.score(examples, [" allium\nQ", "b"])
    assert task.metrics(examples)[0].value(items) == 1.0 and items["written"][0] == " allium\nQ"


def test_the_model_writes_behind_the_template_and_shots(tmp_path):
    model = SHARED["noisy_model"](tmp_path / "m")
    path = file_of(tmp_path, [{"question": f"which {n}", "answer": f"value {n}"} for n in range(4)])
    task = Generation(path=path, max_tokens=6, shots=1, stop=("e",))
    examples, answers, _ = SHARED["asked"](task, model)
    assert examples[0].prompt.endswith("Question: which 0\nAnswer:") and "Answer: value" in examples[0].prompt
    assert answers == [model.generate_batch([e.prompt], 6, GREEDY, stop=("e",))[0] for e in examples]


def test_a_sample_is_drawn_by_name(tmp_path):
    path = file_of(tmp_path, [{"question": f"which {n}", "answer": "x"} for n in range(40)])
    few, more = (Generation(path=path, max_items=n).examples({}) for n in (5, 10))
    assert len(few) == 5 and {e.id for e in few} < {e.id for e in more}


def test_mistakes_are_named(tmp_path):
    path = file_of(tmp_path, [{"question": "q", "answer": None}])
    with pytest.raises(RecipeError, match="'answer' is neither a text nor a list"):
        Generation(path=path).examples({})
    with pytest.raises(RecipeError, match="no place for {question}"):
        build(Generation, {"path": path, "template": "Q:"})


@pytest.mark.skipif("FIRSTWORDS_DATA" not in os.environ, reason="FIRSTWORDS_DATA is not set: no real data")
def test_every_answer_of_gsm8k_has_a_number():
    task = Generation(path="$FIRSTWORDS_DATA/inst-gsm8k/test.jsonl.xz", take="number")
    examples = task.examples({})
    gold = task.score(examples, [task.gold(e) for e in examples])["gold"]
    assert len(examples) == 1319 and all(each[0] for each in gold)
