"""The end of a step: one division, one clip, no update from numbers that are not finite; state through files."""

import math

import pytest
import torch
from torch import nn

from firstwords.compute.engine import blocks, write
from firstwords.compute.engines.single import Single


class Descent:
    """Plain gradient descent with one number of state."""

    def __init__(self, model):
        self.model = model
        self.memory = torch.zeros(3)

    def step(self, factor):
        with torch.no_grad():
            for parameter in self.model.parameters():
                parameter.sub_(factor * parameter.grad)

    def state(self):
        return {"memory": self.memory}

    def load_state(self, tensors):
        self.memory.copy_(tensors["memory"])


@pytest.fixture
def model():
    made = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(made.weight)
    return Single(device="cpu").prepare(made)


def accumulate(engine, model, values):
    for value in values:
        engine.backward((model.weight * torch.tensor(value)).sum())


def test_gradients_are_added_and_divided_once(model):
    engine = Single(device="cpu")
    accumulate(engine, model, [[1.0, 2.0], [5.0, 6.0]])
    norm = engine.step(model, Descent(model), count=2.0, max_norm=0.0, factor=1.0)
    assert model.weight.tolist() == [[-3.0, -4.0]]
    assert norm == pytest.approx(5.0)
    assert model.weight.grad is None


def test_a_long_gradient_is_shortened_and_a_short_one_is_not(model):
    engine = Single(device="cpu")
    accumulate(engine, model, [[6.0, 8.0]])
    assert engine.step(model, Descent(model), count=2.0, max_norm=1.0, factor=1.0) == pytest.approx(5.0)
    assert model.weight.tolist() == [[pytest.approx(-0.6), pytest.approx(-0.8)]]
    accumulate(engine, model, [[0.3, 0.0]])
    engine.step(model, Descent(model), count=1.0, max_norm=1.0, factor=1.0)
    assert model.weight.tolist() == [[pytest.approx(-0.9), pytest.approx(-0.8)]]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_nothing_is_updated_from_what_is_not_finite(model, wrong):
    engine = Single(device="cpu")
    accumulate(engine, model, [[1.0, wrong]])
    assert not math.isfinite(engine.step(model, Descent(model), count=1.0, max_norm=1.0, factor=1.0))
    assert model.weight.tolist() == [[0.0, 0.0]]
    assert model.weight.grad is not None  # kept for the report


def test_state_goes_through_files(model, tmp_path):
    engine, optimizer = Single(device="cpu"), Descent(model)
    nn.init.ones_(model.weight)
    optimizer.memory += 7
    write(engine.snapshot(model, optimizer), tmp_path)
    nn.init.zeros_(model.weight)
    optimizer.memory.zero_()
    place = model.weight.data_ptr()
    engine.load(tmp_path, model, optimizer)
    assert model.weight.tolist() == [[1.0, 1.0]]
    assert optimizer.memory.tolist() == [7.0, 7.0, 7.0]
    assert model.weight.data_ptr() == place  # in place: views and alignment stay


def test_a_missing_parameter_is_noticed(model, tmp_path):
    engine = Single(device="cpu")
    write(engine.snapshot(model, Descent(model)), tmp_path)
    with pytest.raises(KeyError):
        engine.load(tmp_path, nn.Sequential(nn.Linear(2, 1)), Descent(model))


def test_a_snapshot_does_not_follow_the_weights(model):
    engine, optimizer = Single(device="cpu"), Descent(model)
    snapshot = engine.snapshot(model, optimizer)
    nn.init.ones_(model.weight)
    optimizer.memory += 7
    assert snapshot["model.safetensors"]["weight"].tolist() == [[0.0, 0.0]]
    assert snapshot["optimizer.safetensors"]["memory"].tolist() == [0.0, 0.0, 0.0]


def test_blocks_are_the_members_of_the_outermost_lists():
    inner = nn.ModuleList([nn.Linear(1, 1)])
    outer = nn.ModuleList([nn.Sequential(inner), nn.Linear(1, 1)])
    assert blocks(nn.ModuleDict({"a": nn.Linear(1, 1), "b": outer})) == list(outer)
