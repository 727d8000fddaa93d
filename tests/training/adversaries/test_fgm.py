import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.adversaries.fgm import Fgm

case = runpy.run_path(str(Path(__file__).with_name("case.py")))["case"]


def test_its_loss_lies_above_the_clean_one_and_grows_with_the_radius():
    objective, model, batch, draws = case()
    clean = objective.loss(model, batch, draws)[0].item()
    found = [Fgm(radius=r, share=1).loss(objective, model, batch, draws)[0].item() for r in (0.01, 0.05, 0.2)]
    assert clean < found[0] < found[1] < found[2]
    half = Fgm(radius=0.2, share=0.5).loss(objective, model, batch, draws)[0].item()
    assert half == pytest.approx((clean + found[2]) / 2)


def test_the_gradient_is_that_of_both_losses():
    objective, model, batch, draws = case()
    objective.loss(model, batch, draws)[0].backward()
    clean = model.backbone.embed_tokens.weight.grad.clone()
    model.zero_grad()
    # Displaced by nothing worth mentioning, both losses are one.
    Fgm(radius=1e-9).loss(objective, model, batch, draws)[0].backward()
    assert torch.allclose(model.backbone.embed_tokens.weight.grad, clean, atol=1e-6)
