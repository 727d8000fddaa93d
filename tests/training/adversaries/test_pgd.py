import runpy
from pathlib import Path

import pytest

from firstwords.training.adversaries.fgm import Fgm
from firstwords.training.adversaries.pgd import Pgd

case = runpy.run_path(str(Path(__file__).with_name("case.py")))["case"]


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
