"""Whether a training step goes by kernels of our own (`row_kernels`), and how tensors reach them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor


def goes_by_rows(x: Tensor) -> bool:
    """Whether what a model does between its products is left to compiled kernels: in training on a processor, where
    each thread has rows of its own (`training.lanes`).

    Everything else goes through torch: GPUs, models that are compiled whole, float64, which tests take for exact, and
    more threads than lanes, which torch lets share each operation.

    Args:
        x: (N, ...), what the model computes with here.
    """
    return (
        x.dtype in (torch.float32, torch.bfloat16)
        and x.device.type == "cpu"
        and torch.is_grad_enabled()
        and torch.get_num_threads() == 1
        and not torch.compiler.is_compiling()
    )


def load_kernels() -> None:
    """Import the kernels now: later, beside other threads, numba would import SciPy as well (`data.kernels`)."""
    import_module("firstwords.model.row_kernels")
    import_module("firstwords.model.head_kernels")


def array(x: Tensor) -> Any:
    """The memory of a tensor as kernels take it: bfloat16 as 16-bit patterns."""
    if x.requires_grad:
        x = x.detach()
    return x.view(torch.uint16).numpy() if x.dtype == torch.bfloat16 else x.numpy()


class _Memory:
    """What NumPy asks of an object that lends it memory."""

    def __init__(self, x: Tensor) -> None:
        self._kept = x
        kind = {torch.float32: "<f4", torch.bfloat16: "<u2"}[x.dtype]
        place = x.data_ptr(), False
        self.__array_interface__ = {"shape": tuple(x.shape), "typestr": kind, "data": place, "version": 3}


def parameter_array(x: Tensor) -> Any:
    """As `array`, for weights: what `Tensor.numpy` lends can never again be freed and made anew, as sharded training
    does with weights that it gathers.

    Args:
        x: Contiguous.
    """
    return np.asarray(_Memory(x.detach().contiguous()))
