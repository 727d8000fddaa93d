"""Averages, the best weights and those to go back to, through a file without a trace."""

import pytest
import torch
from torch import nn

from firstwords.training.kept_weights import KeptWeights
from firstwords.training.optimizer import Optimizer
from firstwords.training.settings import TrainSettings


def make(decay=0.9):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 4, bias=False))
    return model, KeptWeights(
        Optimizer(model, TrainSettings(tokens=1, batch_tokens=1)), dict(model.named_parameters()), decay
    )


def steps(model, kept, number, start=0):
    for step in range(start, start + number):
        model.zero_grad()
        model(torch.tensor([step % 5, 2])).square().sum().backward()
        kept.step(1.0)


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def test_the_average_follows_the_formula():
    model, kept = make(0.5)
    expected = weights(model)
    for step in range(12):
        steps(model, kept, 1, step)
        decay = min(0.5, (2 + step) / (11 + step))
        expected = [decay * e + (1 - decay) * p for e, p in zip(expected, weights(model), strict=True)]
    trained = weights(model)
    with kept.averaged():
        assert all(torch.allclose(a, b) for a, b in zip(weights(model), expected, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(weights(model), trained, strict=True))
    kept.end(with_best=False)
    assert all(torch.allclose(a, b) for a, b in zip(weights(model), expected, strict=True))


def test_without_an_average_the_weights_stay():
    model, kept = make(0.0)
    steps(model, kept, 2)
    before = weights(model)
    with kept.averaged():
        pass
    kept.end(with_best=False)
    assert all(torch.equal(a, b) for a, b in zip(weights(model), before, strict=True))


def test_it_ends_with_the_best():
    model, kept = make(0.0)
    steps(model, kept, 2)
    best = weights(model)
    kept.keep_as_best()
    steps(model, kept, 2)
    kept.end(with_best=True)
    assert all(torch.equal(a, b) for a, b in zip(weights(model), best, strict=True))


def test_going_back_takes_the_optimizer_along():
    model, kept = make(0.0)
    assert not kept.go_back()
    steps(model, kept, 3)
    kept.keep_to_go_back()
    steps(model, kept, 2, start=3)
    expected = weights(model)
    steps(model, kept, 4, start=7)
    assert kept.go_back()
    steps(model, kept, 2, start=3)
    assert all(torch.equal(a, b) for a, b in zip(weights(model), expected, strict=True))


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_state_continues_exactly(decay):
    straight, kept = make(decay)
    stopped, first = make(decay)
    continued, second = make(decay)
    for each, keeper in ((straight, kept), (stopped, first)):
        steps(each, keeper, 3)
        keeper.keep_as_best()
        keeper.keep_to_go_back()
        steps(each, keeper, 1, start=3)
    continued.load_state_dict(stopped.state_dict())
    second.load_state({name: tensor.clone() for name, tensor in first.state().items()})
    second.num_updates = first.num_updates
    for each, keeper in ((straight, kept), (continued, second)):
        steps(each, keeper, 2, start=4)
    assert kept.state().keys() == second.state().keys()
    for keeper in (kept, second):
        keeper.go_back()
    for name, tensor in kept.state().items():
        assert torch.equal(tensor, second.state()[name]), name
    kept.end(with_best=True)
    second.end(with_best=True)
    assert all(torch.equal(a, b) for a, b in zip(weights(straight), weights(continued), strict=True))
