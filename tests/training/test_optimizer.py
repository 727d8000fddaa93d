"""Muon orthogonalises, AdamW is torch's, and the state goes through a file without a trace."""

import pytest
import torch
from torch import nn

from firstwords.training.optimizer import Optimizer, orthogonalise, parameter_roles
from firstwords.training.settings import TrainSettings


class Small(nn.Module):
    def __init__(self, dtype=torch.float64):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(7, 4)
        self.wide = nn.Linear(4, 3)
        self.tall = nn.Linear(3, 4, bias=False)
        self.other = nn.Linear(3, 4, bias=False)
        self.head = nn.Sequential(nn.Linear(4, 4))
        self.frozen = nn.Parameter(torch.ones(4, 4), requires_grad=False)
        self.to(dtype)

    def forward(self, ids):
        hidden = self.wide(self.embed(ids))
        return self.head(self.tall(hidden) + self.other(hidden).tanh())


def settings(**changed):
    return TrainSettings(**({"tokens": 1, "batch_tokens": 1} | changed))


def steps(model, optimizer, number, start=0):
    for step in range(start, start + number):
        generator = torch.Generator().manual_seed(step)
        ids = torch.randint(7, (16,), generator=generator)
        model.zero_grad()
        model(ids).square().sum().backward()
        optimizer.step(1.0 / (step + 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("columns", [16, 40])
@pytest.mark.parametrize(("num_iterations", "smallest", "bounds"), [(5, -2.5, (0.8, 1.2)), (3, -1.5, (0.15, 1.95))])
def test_singular_values_come_near_one(dtype, columns, num_iterations, smallest, bounds):
    generator = torch.Generator().manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(2, 16, columns, generator=generator), full_matrices=False)
    values = torch.stack([torch.ones(16), torch.logspace(0, smallest, 16)])  # a condition of 300, or of 30
    matrices = 1e4 * (left * values[:, None, :] @ right).to(dtype)
    found = torch.linalg.svdvals(orthogonalise(matrices, num_iterations))
    assert found.min() > bounds[0]
    assert found.max() < bounds[1]


def test_the_direction_stays():
    matrices = torch.randn(1, 8, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrices[0], full_matrices=False)
    assert torch.linalg.matrix_norm(orthogonalise(matrices)[0] - left @ right, 2) < 0.3


def test_no_gradient_gives_no_update():
    assert orthogonalise(torch.zeros(1, 3, 4)).abs().max() == 0


def test_roles():
    assert parameter_roles(Small()) == {
        "embed.weight": "embedding",
        "wide.weight": "matrix",
        "wide.bias": "vector",
        "tall.weight": "matrix",
        "other.weight": "matrix",
        "head.0.weight": "head",
        "head.0.bias": "vector",
    }


def test_matrices_move_by_the_rate_whatever_the_gradient():
    """Muon's update has spectral norm rate x sqrt(max(1, outputs / inputs))."""
    for scale in (1e-6, 1e6):
        model = Small()
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        for parameter in model.parameters():
            if parameter.requires_grad:
                generator = torch.Generator().manual_seed(2)
                parameter.grad = scale * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        Optimizer(model, settings(matrix_rate=0.1)).step(0.5)
        for name, length in (("wide.weight", 0.05), ("tall.weight", 0.05 * (4 / 3) ** 0.5)):
            moved = model.get_parameter(name).detach() - before[name]
            assert torch.linalg.matrix_norm(moved, 2) == pytest.approx(length, rel=0.2)
            assert (moved * model.get_parameter(name).grad).sum() < 0  # downhill


def test_weight_decay_takes_its_share_of_matrices_only():
    model = Small()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None
    Optimizer(model, settings(matrix_rate=0.1, weight_decay=0.5)).step(1.0)
    for name, parameter in model.named_parameters():
        share = 0.95 if name in ("wide.weight", "tall.weight", "other.weight") else 1.0
        assert torch.allclose(parameter, before[name] * share, rtol=1e-12, atol=0), name


def test_without_muon_it_is_adamw_at_these_rates():
    ours, theirs = Small(), Small()
    rates = {f"{role}_rate": 0.01 for role in ("matrix", "embedding", "head", "vector")}
    chosen = settings(matrix_optimizer="adamw", **rates)
    optimizer = Optimizer(ours, chosen)
    reference = torch.optim.AdamW(
        [p for p in theirs.parameters() if p.requires_grad],
        lr=0.01,
        betas=chosen.betas,
        eps=chosen.epsilon,
        weight_decay=0,
    )
    for _step in range(5):
        for model, update in ((ours, lambda: optimizer.step(1.0)), (theirs, reference.step)):
            model.zero_grad()
            model(torch.arange(7)).square().sum().backward()
            update()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(mine, other, rtol=1e-10)


@pytest.mark.parametrize("matrix_optimizer", ["muon", "adamw"])
def test_state_continues_exactly(matrix_optimizer):
    chosen = settings(matrix_optimizer=matrix_optimizer)
    straight, stopped, continued = Small(), Small(), Small()
    steps(straight, Optimizer(straight, chosen), 6)
    first = Optimizer(stopped, chosen)
    steps(stopped, first, 3)
    state = {name: tensor.clone() for name, tensor in first.state().items()}
    continued.load_state_dict(stopped.state_dict())
    second = Optimizer(continued, chosen)
    second.load_state(state)
    steps(continued, second, 3, start=3)
    for expected, found in zip(straight.parameters(), continued.parameters(), strict=True):
        assert torch.equal(expected, found)


def test_frozen_parameters_stay():
    model = Small()
    steps(model, Optimizer(model, settings()), 2)
    assert torch.equal(model.frozen, torch.ones(4, 4, dtype=torch.float64))
