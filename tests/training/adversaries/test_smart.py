import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.adversaries.smart import Smart

case = runpy.run_path(str(Path(__file__).with_name("case.py")))["case"]


def test_it_adds_a_divergence_that_grows_with_its_cube():
    objective, model, batch, draws = case()
    clean = objective.loss(model, batch, draws)[0].item()
    added = [
        Smart(step_size=size, radius=size).loss(objective, model, batch, draws)[0].item() - clean
        for size in (0.05, 0.1, 0.3)
    ]
    assert 0 < added[0] < added[1] < added[2]


def test_the_weight_is_that_of_the_divergence():
    objective, model, batch, draws = case("token_classification")
    clean = objective.loss(model, batch, draws)[0].item()
    one, five = (Smart(weight=w).loss(objective, model, batch, draws)[0].item() - clean for w in (1.0, 5.0))
    assert five == pytest.approx(5 * one, rel=1e-9)
    assert torch.is_grad_enabled()
