import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.adversaries.random_noise import RandomNoise
from firstwords.training.adversaries.vat import Vat
from firstwords.training.displacement import Displaced, random_direction
from firstwords.training.divergence import divergence

case = runpy.run_path(str(Path(__file__).with_name("case.py")))["case"]


def test_its_direction_changes_the_answer_more_than_a_random_one():
    objective, model, batch, draws = case()
    clean = objective.loss(model, batch, draws)[0].item()
    found = Vat(radius=0.2).loss(objective, model, batch, draws)[0].item() - clean
    answer = objective.distribution(model, batch)
    other = objective.distribution(Displaced(model, random_direction(model, batch, draws, 0.2)), batch)
    assert found > 2 * divergence(answer, other).item() > 0


def test_labels_do_not_matter_to_it():
    objective, model, batch, draws = case()
    clean = objective.loss(model, batch, draws)[0].item()
    found = Vat().loss(objective, model, batch, draws)[0].item() - clean
    batch.labels.copy_((batch.labels + 1) % 3)
    other = objective.loss(model, batch, draws)[0].item()
    assert Vat().loss(objective, model, batch, draws)[0].item() - other == pytest.approx(found, rel=1e-6)
    assert RandomNoise is not None and torch is not None
