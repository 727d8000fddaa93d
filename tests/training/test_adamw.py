"""Our AdamW beside torch's: the same bits, from a start or from a stored state."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from firstwords.training.adamw import AdamW, Group

SHAPES = {"matrix": (5, 3), "vector": (7,), "idle": (2,)}


def parameters(dtype):
    generator = torch.Generator().manual_seed(0)
    return {name: nn.Parameter(torch.randn(shape, generator=generator, dtype=dtype)) for name, shape in SHAPES.items()}


def gradients(made, step):
    generator = torch.Generator().manual_seed(step + 1)
    for name, parameter in made.items():
        drawn = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        parameter.grad = None if name == "idle" else drawn


def ours(made):
    groups = [
        Group(parameters={"matrix": made["matrix"], "idle": made["idle"]}, rate=0.1, weight_decay=0.2),
        Group(parameters={"vector": made["vector"]}, rate=0.03, weight_decay=0.0),
    ]
    return AdamW(groups, (0.8, 0.95), 1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_makes_the_same_bits_as_torchs(dtype):
    mine, theirs = parameters(dtype), parameters(dtype)
    optimizer = ours(mine)
    reference = torch.optim.AdamW(
        [
            {"params": [theirs["matrix"], theirs["idle"]], "lr": 0.1, "weight_decay": 0.2},
            {"params": [theirs["vector"]], "lr": 0.03, "weight_decay": 0.0},
        ],
        betas=(0.8, 0.95),
        eps=1e-9,
        fused=True,
    )
    full = [group["lr"] for group in reference.param_groups]
    for step in range(20):
        factor = 1 - step / 20
        gradients(mine, step)
        gradients(theirs, step)
        optimizer.step(factor)
        for rate, group in zip(full, reference.param_groups, strict=True):
            group["lr"] = rate * factor
        reference.step()
    assert all(torch.equal(mine[name], theirs[name]) for name in SHAPES)
    assert "idle" not in optimizer.state


def test_a_stored_state_continues_exactly():
    whole, first = parameters(torch.float32), parameters(torch.float32)
    through, before = ours(whole), ours(first)
    for step in range(6):
        gradients(whole, step)
        through.step(1.0)
        if step < 3:
            gradients(first, step)
            before.step(1.0)
    after = ours(first)
    for name, state in before.state.items():
        after.load(name, first[name], state)
    for step in range(3, 6):
        gradients(first, step)
        after.step(1.0)
    assert all(torch.equal(whole[name], first[name]) for name in SHAPES)


def test_an_incomplete_state_is_refused():
    made = parameters(torch.float32)
    with pytest.raises(KeyError):
        ours(made).load("vector", made["vector"], {"step": torch.zeros(())})


def test_the_compiler_is_not_imported():
    """It takes more than a second."""
    code = """
import sys, torch
from torch import nn
from firstwords.training.optimizer import Optimizer
from firstwords.training.settings import TrainSettings
layer = nn.Linear(3, 3)
layer(torch.ones(1, 3)).sum().backward()
Optimizer(layer, TrainSettings(tokens=1, batch_tokens=1)).step(1.0)
print([name for name in ("sympy", "torch._dynamo") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
