import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.evaluation.tasks.classification import Classification
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return TINY["classifier"](tmp_path_factory.mktemp("classifier"))


def test_an_untrained_model_is_scored_on_the_stored_test_part(model):
    task = Classification()
    examples = task.examples({"model": model})
    assert [e.id for e in examples] == [r.id for r in TINY["text_records"]("test", 30)]
    loaded = LanguageModel.load(model.path("model"))
    steps = []
    answers = task.answers(loaded, [task.prompt(e) for e in examples], lambda *step: steps.append(step))
    assert {each.label for each in answers} <= set(TINY["SUBJECTS"])
    assert steps[-1] == ("labelling texts", 30, 30)
    items = task.score(examples, answers)
    assert len(set(items["group"])) == 10  # three texts a page
    assert items["predicted"] == loaded.predict([e.text for e in examples])
    table = loaded.label_log_probabilities([e.text for e in examples])
    assert items["confidence"] == pytest.approx(np.exp(table.max(axis=1)))
    assert "confidence" not in task.score(examples, [task.gold(e) for e in examples])
    matrix = task.details(items)["confusion"]
    assert sum(map(sum, matrix["matrix"])) == 30


def test_the_validation_part_can_be_scored_to_choose_by(model):
    task = Classification(part="validation")
    examples = task.examples({"model": model})
    assert [e.id for e in examples] == [r.id for r in TINY["text_records"]("validation", 20)]
    assert set(task.baselines({"model": model}, examples, None, [], lambda *_: None)) == {"TF-IDF", "majority"}


def test_baselines_are_made_from_the_training_part(model):
    task = Classification()
    examples = task.examples({"model": model})
    found = task.baselines({"model": model}, examples, None, [], lambda *_: None)
    scores = {n: task.metrics(examples)[0].value(task.score(examples, a)) for n, a in found.items()}
    # A word of every text tells its label, so the linear model must find it.
    assert scores["TF-IDF"] == 1.0
    assert 0.2 < scores["majority"] < 0.6
    assert len(set(found["majority"])) == 1
