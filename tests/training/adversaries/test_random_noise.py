import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.adversaries.fgm import Fgm
from firstwords.training.adversaries.random_noise import RandomNoise

case = runpy.run_path(str(Path(__file__).with_name("case.py")))["case"]


def test_noise_of_the_same_length_hurts_less_than_the_gradient():
    objective, model, batch, draws = case()
    noise = RandomNoise(radius=0.2).loss(objective, model, batch, draws)[0].item()
    assert noise < Fgm(radius=0.2, share=1).loss(objective, model, batch, draws)[0].item()
    assert noise != pytest.approx(objective.loss(model, batch, draws)[0].item(), rel=1e-9)


def test_each_pass_has_noise_of_its_own():
    objective, model, batch, draws = case()
    one, two = (RandomNoise(passes=n).loss(objective, model, batch, draws)[0].item() for n in (1, 2))
    assert one != two
    assert torch.is_grad_enabled()
