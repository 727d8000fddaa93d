import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.adversaries.freelb import Freelb

case = runpy.run_path(str(Path(__file__).with_name("case.py")))["case"]


def test_one_pass_without_a_start_is_the_clean_loss():
    objective, model, batch, draws = case()
    clean = objective.loss(model, batch, draws)[0].item()
    assert Freelb(passes=1, start=0).loss(objective, model, batch, draws)[0].item() == pytest.approx(clean)


def test_its_loss_is_the_mean_over_the_way_uphill():
    objective, model, batch, draws = case()
    means = [Freelb(passes=n, start=0, radius=0).loss(objective, model, batch, draws)[0].item() for n in (1, 2, 3)]
    second, third = 2 * means[1] - means[0], 3 * means[2] - 2 * means[1]
    assert means[0] < second < third


def test_the_ball_holds_it_back():
    objective, model, batch, draws = case()
    free = Freelb(passes=4, step_size=0.5, radius=0).loss(objective, model, batch, draws)[0].item()
    held = Freelb(passes=4, step_size=0.5, radius=0.05).loss(objective, model, batch, draws)[0].item()
    assert held < free
    assert torch.isfinite(torch.tensor(free))
