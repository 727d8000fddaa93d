"""A batch of an objective and a model for it, for the tests of adversaries."""

import runpy
from pathlib import Path

from firstwords.training.batch import Draws

OBJECTIVES = runpy.run_path(str(Path(__file__).parents[2] / "contracts" / "test_objectives.py"))


def case(kind="sequence_classification"):
    objective = OBJECTIVES["make_objective"](kind, {})
    model = OBJECTIVES["make_model"](objective, False)
    examples = OBJECTIVES["make_examples"](objective)
    draws = Draws(3, tuple((0, example.row) for example in examples))
    return objective, model, objective.collate(examples, draws, model.config), draws
