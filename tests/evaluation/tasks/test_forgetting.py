"""What a model has forgotten: the same documents before and after."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.evaluation.tasks.forgetting import Forgetting
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("forgetting")
    tokens, model = TINY["token_store"](root / "tokens"), TINY["causal_model"](root / "causal")
    return {"model": model, "base": TINY["causal_model"](root / "base"), "domain": tokens, "general": tokens}


def test_an_unchanged_model_has_forgotten_nothing(inputs):
    task = Forgetting()
    examples = task.examples(inputs)
    model = LanguageModel.load(inputs["model"].path("model"))
    answers = task.answers(model, [task.prompt(each) for each in examples], lambda *_: None)
    items = task.score(examples, answers)
    figures = {metric.name: metric.value(items) for metric in task.metrics(examples)}
    assert figures["domain_change"] == pytest.approx(0, abs=1e-6) == figures["general_change"]
    before = task.baselines(inputs, examples, model, answers, lambda *_: None)["before"]
    assert before["general_bits_per_byte"] == pytest.approx(figures["general_bits_per_byte"])


def test_long_documents_are_cut_where_their_bytes_are_known(inputs):
    cut = Forgetting(max_document_tokens=16).examples(inputs)
    whole = {each.document.id: each.document for each in Forgetting().examples(inputs)}
    model = LanguageModel.load(inputs["model"].path("model"))
    shorter = 0
    for each in cut:
        text = model.tokenizer.decode(each.document.ids[:-1].tolist())
        assert len(text.encode()) == each.document.num_bytes
        shorter += each.document.num_bytes < whole[each.document.id].num_bytes
        assert np.array_equal(each.document.ids[-1:], whole[each.document.id].ids[-1:])
    assert shorter
