"""Parts of a model between its large products, each compiled into few kernels: on a GPU they are bound by its memory.

Compiled are functions of tensors, not modules: all layers of a model share one compilation, whatever their number, and
names of parameters, hooks and sharding stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn

from firstwords.model.config import ModelConfig
from firstwords.model.cost import training_flops_per_token

# A run of less arithmetic is over on a GPU in about the time that compiling takes.
LEAST_FLOPS = 1e16


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, compiled when it is first called: some seconds, and once more when the number of tokens changes."""
    made: Callable[..., Any] = torch.compile(function)
    return made


def set_fusion(model: nn.Module, fuse: bool) -> None:
    """Let the parts of a model that can be compiled be so, or not."""
    for module in model.modules():
        if hasattr(module, "is_fused"):
            module.is_fused = fuse  # type: ignore[assignment]


def pays(config: Any, tokens: int | None) -> bool:
    """Whether training is long enough for a GPU to win back the time of compiling.

    Args:
        config: Of the model; adopted ones are never compiled.
        tokens: Of the run; None = counted otherwise (fine-tuning, which is short).
    """
    known = tokens is not None and isinstance(config, ModelConfig)
    return known and training_flops_per_token(config) * (tokens or 0) >= LEAST_FLOPS
