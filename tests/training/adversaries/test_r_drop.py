import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.training.adversaries.r_drop import RDrop
from firstwords.training.adversary import against
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
    total, count = RDrop(weight=5, dropout=0).loss(objective, model, batch, draws)
    examples = OBJECTIVES["make_examples"](objective)
    once = objective.collate(examples, draws, model.config)
    clean, number = objective.loss(model, once, draws)
    assert count.item() == 2 * number.item()
    assert total.item() == pytest.approx(2 * clean.item())


class Dropping(torch.nn.Module):
    """A model with dropout behind its answers."""

    def __init__(self, model):
        super().__init__()
        self.model, self.config = model, model.config
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, *given, **named):
        return self.dropout(self.model(*given, **named))


def test_views_that_cannot_differ_are_refused():
    objective, model, *_ = views(0.0)
    examples = OBJECTIVES["make_examples"](objective)
    state = torch.get_rng_state()
    with pytest.raises(RecipeError, match="no dropout and nothing is drawn"):
        against(objective, RDrop(dropout=0)).check_start(model, examples)
    assert torch.equal(torch.get_rng_state(), state)
    against(objective, RDrop(dropout=0)).check_start(Dropping(model), examples)
    against(objective, RDrop()).check_start(model, examples)
    for drawn in ({"hidden_share": 0.3}, {"shortest_stretch": 0.3}):
        against(replace(objective, **drawn), RDrop(dropout=0)).check_start(model, examples)
    against(objective, None).check_start(model, examples)


def test_different_views_are_pulled_together():
    objective, model, batch, draws = views(0.5)
    half = len(batch.input_ids) // 2
    assert not torch.equal(batch.input_ids[:half], batch.input_ids[half:])
    small, large = (RDrop(weight=w).loss(objective, model, batch, draws)[0].item() for w in (1e-9, 1.0))
    assert large > small


def test_dropout_of_the_embeddings_makes_two_views_of_the_same_words():
    objective, model, batch, draws = views(0.0)
    plain = RDrop(weight=1, dropout=0).loss(objective, model, batch, draws)[0].item()
    light, heavy = (RDrop(weight=w, dropout=0.3).loss(objective, model, batch, draws)[0].item() for w in (1e-9, 1.0))
    assert light != pytest.approx(plain)
    assert heavy > light
    again = RDrop(weight=1.0, dropout=0.3).loss(objective, model, batch, draws)[0].item()
    assert again == heavy  # drawn from the rows' keys


def test_dropout_reaches_the_embeddings_with_their_gradient():
    objective, model, batch, draws = views(0.0)
    RDrop(weight=1.0, dropout=0.5).loss(objective, model, batch, draws)[0].backward()
    seen = model.backbone.embed_tokens.weight.grad[batch.input_ids.unique()]
    assert torch.isfinite(seen).all() and seen.abs().sum() > 0
