"""Calling operations whose gradient is written by hand (`torch.autograd.Function`), alone or several as one."""

from __future__ import annotations

import copy
from itertools import islice
from typing import Any

import torch
from torch import Tensor


class _NothingKept:
    """What such an operation sees as its context where no gradient is wanted."""

    needs_input_grad = (False,) * 64

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep nothing."""


def call(operation: type[torch.autograd.Function], *inputs: Any) -> Tensor:
    """`operation.apply`, or its forward pass alone where gradients are off.

    `apply` costs about 20 microseconds, as much as an operation on the one new token of a text that is being written;
    and with gradients off it still says of a parameter that it needs one.
    """
    if torch.is_grad_enabled():
        return operation.apply(*inputs)  # type: ignore[no-any-return]
    result: Tensor = operation.forward(_NothingKept(), *inputs)
    return result


class Step:
    """The context of an operation that is a step of a larger one.

    Each operation by itself costs some 40 microseconds of Python and torch, there and back: as much as a small model's
    products. A larger one calls the passes of several, and keeps with `keep` what each of them kept.

    Args:
        needs_input_grad: Whether each input of the step needs its gradient.
    """

    def __init__(self, *needs_input_grad: bool) -> None:
        self.needs_input_grad = needs_input_grad
        self.saved_tensors: tuple[Tensor, ...] = ()
        self.number = 0

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors until the larger operation's `keep`."""
        self.saved_tensors = tensors


def keep(ctx: Any, *steps: Step) -> None:
    """Keep what steps kept, as the tensors of the operation that they are part of."""
    ctx.save_for_backward(*(tensor for step in steps for tensor in step.saved_tensors))
    for step in steps:
        step.number, step.saved_tensors = len(step.saved_tensors), ()
    ctx.steps = steps


def kept(ctx: Any) -> list[Step]:
    """The steps with what they kept; new ones, so that it is freed when the gradient is made."""
    tensors = iter(ctx.saved_tensors)
    steps = [copy.copy(step) for step in ctx.steps]
    for step in steps:
        step.saved_tensors = tuple(islice(tensors, step.number))
    return steps
