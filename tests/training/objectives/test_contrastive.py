"""Pairs move the backbone first; then the head alone learns."""

import numpy as np
import pytest
import torch

from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.training.batch import Draws, Example
from firstwords.training.objectives.contrastive import Contrastive


@pytest.fixture
def made():
    objective = Contrastive(pairs=2)
    config = ModelConfig.from_depth(1, layout="qwen3", vocab_size=30, width=32, num_heads=2, context=16)
    model = Model(config, objective.head(config, ("a", "b")), seed=1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    rows = [Example(np.array([3 + n, 9, 4], np.int32), n % 2, None, n) for n in range(6)]
    return objective, model, objective.relate(rows)


def loss(made, progress):
    objective, model, rows = made
    draws = Draws(0, tuple((0, r.row) for r in rows), progress=progress)
    return objective.loss(model, objective.collate(rows, draws, model.config), draws)


def test_the_backbone_learns_first_and_rests_later(made) -> None:
    _, model, _ = made
    for progress, moves in ((0.0, True), (0.9, False)):
        model.zero_grad()
        loss(made, progress)[0].backward()
        assert (model.backbone.embed_tokens.weight.grad is not None) == moves
        assert model.head.score.weight.grad.abs().sum() > 0


def test_the_pair_loss_is_that_of_its_cosines(made) -> None:
    objective, model, rows = made
    draws = Draws(0, tuple((0, r.row) for r in rows))
    batch = objective.collate(rows, draws, model.config)
    assert batch.num_documents == 3 * len(rows)
    points = model.backbone(batch)[batch.bounds[1:] - 1].detach()
    expected = 0.0
    for anchor in range(0, 3 * len(rows), 3):
        for partner in (anchor + 1, anchor + 2):
            alike = float(batch.labels[anchor] == batch.labels[partner])
            cosine = float(torch.nn.functional.cosine_similarity(points[anchor], points[partner], dim=0))
            expected += (cosine - alike) ** 2
    found = float(loss(made, 0.0)[0].detach() - loss(made, 0.9)[0].detach())
    assert found == pytest.approx(expected, rel=1e-4)


def test_evaluation_is_the_cross_entropy_of_the_texts_alone(made) -> None:
    objective, model, rows = made
    draws = Draws(0, tuple((0, r.row) for r in rows), evaluating=True)
    batch = objective.collate(rows, draws, model.config)
    assert batch.num_documents == len(rows)
    assert int(objective.loss(model, batch, draws)[1]) == len(rows)
