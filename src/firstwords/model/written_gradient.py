"""Calling operations whose gradient is written by hand (`torch.autograd.Function`)."""

from __future__ import annotations

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
