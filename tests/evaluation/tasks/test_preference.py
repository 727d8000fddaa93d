import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.preference import Preference
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def test_stored_references_are_put_beside_their_own_pairs(tmp_path):
    inputs = {"model": TINY["preferring_model"](tmp_path / "m")}
    task = Preference()
    examples = task.examples(inputs)
    assert [e.record.id for e in examples] == [f"talk-{n}" for n in range(12) if n not in (3, 5)]
    assert examples[3].reference == (-13.0, -12.0)
    model = LanguageModel.load(inputs["model"].path("model"))
    answers = task.answers(model, [task.prompt(e) for e in examples], lambda *step: None)
    # The log-likelihood of an answer and its end mark, read behind the conversation.
    record = examples[0].record
    text = model.tokenizer.template.plain(
        [{"role": r, "content": c} for r, c in (*record.messages, ("assistant", record.chosen))]
    )
    ids = model.tokenizer.encode_marked(text)[0]
    number = len(model.tokenizer.encode(record.chosen)) + 1
    expected = model.token_log_likelihoods([ids[1:]])[0][-number:].sum()
    assert answers[0][0] == pytest.approx(expected, rel=1e-5)
    reference = task.baselines(inputs, examples, model, answers, lambda *step: None)["reference"]
    assert task.metrics(examples)[0].value(task.score(examples, reference)) == 0.5


def test_a_model_without_references_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"keeps no reference\.parquet"):
        Preference().examples({"model": TINY["answering_model"](tmp_path / "m")})
