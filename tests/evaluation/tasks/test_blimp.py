import os
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.blimp import Blimp
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("blimp")
    TINY["write_pairs"](root / "pairs")
    inputs = {
        "tokens": TINY["token_store"](root / "tokens"),
        "tokenizer": TINY["tokenizer_artifact"](root / "tokenizer"),
    }
    models = {kind: TINY[f"{kind}_model"](root / kind).path("model") for kind in ("causal", "masked", "hybrid")}
    return str(root / "pairs"), inputs, models


def quiet(*_):
    pass


def judge(task, inputs, folder):
    model = LanguageModel.load(folder)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():  # a new model sees nothing but a token itself
        for parameter in model.model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    examples = task.examples(inputs)
    answers = task.answers(model, [task.prompt(example) for example in examples], quiet)
    return model, examples, answers, task.score(examples, answers)


def test_a_causal_model_judges_by_the_likelihood_of_the_whole_sentence(made):
    path, inputs, models = made
    model, examples, _, items = judge(Blimp(path=path), inputs, models["causal"])
    for number in (0, 9, 17):
        assert items["good"][number] == pytest.approx(model.log_likelihood("", examples[number].good), abs=1e-4)
        assert items["bad"][number] == pytest.approx(model.log_likelihood("", examples[number].bad), abs=1e-4)


def test_a_masked_model_judges_by_its_pseudo_likelihood(made):
    path, inputs, models = made
    for whole_words in (False, True):
        task = Blimp(path=path, whole_words=whole_words)
        model, examples, _, items = judge(task, inputs, models["masked"])
        ids = model.tokenizer.encode(examples[3].good)
        (scores,) = model.pseudo_log_likelihoods([ids], whole_words=whole_words)
        assert items["good"][3] == pytest.approx(scores.sum(), abs=1e-4)


def test_a_hybrid_is_judged_in_either_sense(made):
    path, inputs, models = made
    found = {
        sense: judge(Blimp(path=path, sense=sense), inputs, models["hybrid"])[3]["good"]
        for sense in (None, "causal", "masked")
    }
    assert found[None] == found["causal"] != found["masked"]


@pytest.mark.parametrize(("kind", "sense"), [("causal", "masked"), ("masked", "causal")])
def test_a_sense_that_a_model_lacks_is_refused(made, kind, sense):
    path, inputs, models = made
    with pytest.raises(RecipeError, match=f"cannot judge sentences in the sense '{sense}'"):
        judge(Blimp(path=path, sense=sense), inputs, models[kind])


def test_equal_sentences_of_the_mind_are_ties(made):
    path, inputs, _ = made
    task = Blimp(path=path)
    examples = task.examples(inputs)
    items = task.score(examples, [(-3.0, -3.0)] * len(examples))
    assert [metric.value(items) for metric in task.metrics(examples)] == [0.5, 0.5, 0.5]
    assert [metric.name for metric in task.metrics(examples)][1:] == [
        "minimal_pairs (agreement)",
        "minimal_pairs (order)",
    ]


def test_the_counted_model_knows_the_order_of_its_text(made):
    path, inputs, _ = made
    task = Blimp(path=path)
    examples = task.examples(inputs)
    baseline = task.baselines(inputs, examples, None, [], quiet)["5-gram"]
    items = task.score(examples, baseline)
    assert np.isfinite(items["good"]).all()
    # The good sentences differ from the bad ones in the order of words that the training text draws at random.
    assert 0.0 <= task.metrics(examples)[0].value(items) <= 1.0


def test_the_same_sentence_twice_is_a_tie_whatever_else_is_judged(made, tmp_path):
    TINY["write_pairs"](tmp_path / "pairs")
    lines = (tmp_path / "pairs/first.jsonl").read_text().replace("of first names 4", "first of names 4")
    lines = lines.replace("names 4 returns a new value", "names 4 returns new a value")
    (tmp_path / "pairs/first.jsonl").write_text(lines)
    _, inputs, models = made
    for kind in ("causal", "masked"):
        items = judge(Blimp(path=str(tmp_path / "pairs")), inputs, models[kind])[3]
        assert [good == bad for good, bad in zip(items["good"], items["bad"], strict=True)].count(True) == 1


def test_a_small_sample_and_the_unit_of_intervals_can_be_chosen(made):
    path, inputs, _ = made
    task = Blimp(path=path, pairs_per_paradigm=2, resample="paradigms")
    examples = task.examples(inputs)
    assert len(examples) == 6 and task.unit == "paradigm"
    items = task.score(examples, [task.gold(example) for example in examples])
    assert len(set(items["group"])) == 3
    assert len(set(Blimp(path=path).score(examples, [(0.0, 1.0)] * 6)["group"])) == 6


def test_other_pairs_are_another_artifact(made, tmp_path):
    TINY["write_pairs"](tmp_path / "pairs", number=5)
    assert Blimp(path=str(tmp_path / "pairs")).fingerprint() != Blimp(path=made[0]).fingerprint()


@pytest.mark.skipif("FIRSTWORDS_DATA" not in os.environ, reason="FIRSTWORDS_DATA is not set: no real data")
def test_the_real_pairs_are_67_paradigms_of_1000(made):
    task = Blimp(path="$FIRSTWORDS_DATA/eval-blimp/data.tar.xz")
    examples = task.examples(made[1])
    assert len(examples) == 67_000
    assert len({example.paradigm for example in examples}) == 67
    # The paper counts 12 phenomena; its files name 13.
    assert len({example.phenomenon for example in examples}) == 13
