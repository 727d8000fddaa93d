import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.adversaries.r_drop import RDrop
from firstwords.training.batch import Draws
from firstwords.training.objectives.sequence_classification import SequenceClassification

OBJECTIVES = runpy.run_path(str(Path(__file__).parents[2] / "contracts" / "test_objectives.py"))


def views(hidden_share):
    objective = SequenceClassification(hidden_share=hidden_share, shortest_stretch=1.0)
    model = OBJECTIVES["make_model"](objective, False)
    examples = OBJECTIVES["make_examples"](objective)
    draws = Draws(3, tuple((0, example.row) for example in examples))
    adversary = RDrop()
    return objective, model, adversary.collate(objective, examples, draws, model.config), draws


def test_equal_views_give_twice_the_loss_and_no_divergence():
    objective, model, batch, draws = views(0.0)
    total, count = RDrop(weight=5).loss(objective, model, batch, draws)
    examples = OBJECTIVES["make_examples"](objective)
    once = objective.collate(examples, draws, model.config)
    clean, number = objective.loss(model, once, draws)
    assert count.item() == 2 * number.item()
    assert total.item() == pytest.approx(2 * clean.item())


def test_different_views_are_pulled_together():
    objective, model, batch, draws = views(0.5)
    half = len(batch.input_ids) // 2
    assert not torch.equal(batch.input_ids[:half], batch.input_ids[half:])
    small, large = (RDrop(weight=w).loss(objective, model, batch, draws)[0].item() for w in (1e-9, 1.0))
    assert large > small
