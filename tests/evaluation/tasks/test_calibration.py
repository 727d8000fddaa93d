import math
import runpy
from pathlib import Path

import pytest
import torch

from firstwords.evaluation.tasks.calibration import Calibration
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def test_a_temperature_makes_a_model_that_is_too_sure_more_honest(tmp_path):
    artifact = TINY["classifier"](tmp_path)
    model = LanguageModel.load(artifact.path("model"))
    with torch.no_grad():  # sure of anything, and often wrong
        model.model.head.classifier.weight.copy_(torch.randn(model.model.head.classifier.weight.shape) * 30)
    task = Calibration()
    examples = task.examples({"model": artifact})
    answers = task.answers(model, [task.prompt(e) for e in examples], lambda *_: None)
    found = task.baselines({"model": artifact}, examples, model, answers, lambda *_: None)
    prior, scaled = found
    assert prior == "prior" and scaled.startswith("scaled (T=")
    before, after = task.score(examples, answers), task.score(examples, found[scaled])
    accuracy, brier, nats, *errors = task.metrics(examples)
    assert accuracy.value(before) == accuracy.value(after)
    assert nats.value(after) < nats.value(before) and brier.value(after) <= brier.value(before)
    assert [error.name for error in errors] == ["calibration_error_equal_mass", "calibration_error_equal_width"]
    for answer in (*found[prior], *found[scaled]):
        assert sum(math.exp(value) for value in answer.values()) == pytest.approx(1)
