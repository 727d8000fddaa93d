import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.canaries import make_canaries, sentence
from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.canary_exposure import CanaryExposure
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("canaries")
    documents = TINY["planted_documents"](root / "documents")
    return {"model": TINY["causal_model"](root / "causal"), "clean": documents, "documents": documents}


def test_each_canary_is_asked_for_among_numbers_that_do_not_tell_which(inputs) -> None:
    task = CanaryExposure(alternatives=150)
    asked = task.examples(inputs)
    canaries = make_canaries([0, 2], 2, 0)
    assert [(a.name, a.times, a.in_training) for a in asked] == [(c.name, c.times, c.times) for c in canaries]
    assert [a.numbers[a.secret] for a in asked] == [c.secret for c in canaries]
    assert all(len(set(a.numbers)) == 151 and list(a.numbers) == sorted(a.numbers) for a in asked)
    assert task.prompt(asked[0]) == (asked[0].name, asked[0].numbers)


def test_answers_are_the_likelihoods_of_whole_sentences(inputs) -> None:
    task = CanaryExposure(alternatives=100)
    asked = task.examples(inputs)[0]
    model = LanguageModel.load(inputs["model"].path("model"))
    [nats] = task.answers(model, [task.prompt(asked)], lambda *_: None)
    for place in (0, asked.secret):
        expected = -model.log_likelihood("", sentence(asked.name, asked.numbers[place]))
        assert nats[place] == pytest.approx(expected, rel=1e-4)


def test_a_remembered_canary_is_exposed_and_one_that_was_not_planted_is_never_called_found(inputs) -> None:
    task = CanaryExposure(alternatives=200)
    asked = task.examples(inputs)
    draws = np.random.default_rng(0)
    answers = [draws.normal(30, 1, len(a.numbers)) for a in asked]
    answers[-1][asked[-1].secret] = 5.0
    items = task.score(asked, answers)
    assert items["likeliest_of_all"][:2] == [None, None] and items["likeliest_of_all"][-1]
    assert items["exposure"][-1] > 18 and items["rank"][-1] == 1
    assert [row["planted"] for row in task.details(items)["canaries"]] == [0, 2]
    assert [metric.name for metric in task.metrics(asked)] == ["likeliest_of_all", "exposure (0)", "exposure (2)"]


def test_without_canaries_there_is_nothing_to_ask(inputs, tmp_path) -> None:
    import json

    from firstwords.artifact import Artifact

    for steps, message in (([], "nothing was planted"), ([{"kind": "canaries"}] * 2, "2 times")):
        manifest = {"ingredients": {"configuration": {"steps": steps}}}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(RecipeError, match=message):
            CanaryExposure().examples(inputs | {"clean": Artifact(name="clean", folder=tmp_path)})
