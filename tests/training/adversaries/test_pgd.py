import runpy
from pathlib import Path

import pytest

from firstwords.training.adversaries.fgm import Fgm
from firstwords.training.adversaries.pgd import Pgd
from firstwords.training.batch import Draws

OBJECTIVES = runpy.run_path(str(Path(__file__).parents[2] / "contracts" / "test_objectives.py"))


def case(kind="sequence_classification"):
    objective = OBJECTIVES["make_objective"](kind, {})
    model = OBJECTIVES["make_model"](objective, False)
    examples = OBJECTIVES["make_examples"](objective)
    draws = Draws(3, tuple((0, example.row) for example in examples))
    return objective, model, objective.collate(examples, draws, model.config), draws


def test_several_steps_find_a_place_at_least_as_bad_as_one():
    objective, model, batch, draws = case()
    one = Fgm(radius=0.5, share=1).loss(objective, model, batch, draws)[0].item()
    several = Pgd(steps=8, step_size=0.2, radius=0.5, share=1).loss(objective, model, batch, draws)[0].item()
    assert several > one * 0.999


def test_one_step_that_reaches_the_ball_is_the_fast_gradient_method():
    objective, model, batch, draws = case()
    one = Fgm(radius=0.3).loss(objective, model, batch, draws)[0].item()
    same = Pgd(steps=1, step_size=0.3, radius=0.3).loss(objective, model, batch, draws)[0].item()
    assert same == pytest.approx(one, rel=1e-9)
    cut_off = Pgd(steps=1, step_size=9.0, radius=0.3).loss(objective, model, batch, draws)[0].item()
    assert cut_off == pytest.approx(one, rel=1e-9)
