import json
import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.cloze import Cloze
from firstwords.inference.generate import generate

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return SHARED["noisy_model"](tmp_path_factory.mktemp("cloze"))


def test_what_the_model_would_say_is_right_and_the_rest_is_not(model, tmp_path):
    context = "the list of names"
    (new,) = generate(model.model, [model.tokenizer.encode(context)], max_tokens=1)
    said = model.tokenizer.decode(new)
    rows = [{"context": context, "continuation": said}, {"context": context, "answer": "xyz", "source": "s"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = Cloze(path=str(tmp_path / "a.jsonl"), delimiter="")
    examples, answers, items = SHARED["asked"](task, model)
    same = model.tokenizer.encode(context + said) == [*model.tokenizer.encode(context), *new]
    assert [answer[0] for answer in answers] == [same, False]
    assert items["nats"][1] == pytest.approx(-model.log_likelihood(context, "xyz"), abs=1e-4)
    assert items["source"] == ["", "s"]
    assert [m.name for m in task.metrics(examples)] == ["accuracy", "perplexity_per_word", "perplexity"]


def test_shots_are_whole_texts(tmp_path):
    path = str(SHARED["TINY"]["gaps"](tmp_path))
    first = Cloze(path=path, shots=3).examples({})[0]
    assert first.context.count("\n\n") == 3 and first.continuation == " the"


def test_wrong_rows_are_named(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"context": "a"}\n')
    with pytest.raises(RecipeError, match=r"a\.jsonl:1 has no text 'answer'"):
        Cloze(path=str(tmp_path / "a.jsonl")).examples({})
