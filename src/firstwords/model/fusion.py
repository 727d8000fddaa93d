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
    """The function, compiled when it is first called: some seconds, and once more when shapes change."""
    made: Callable[..., Any] = torch.compile(function)
    return made


def set_fusion(model: nn.Module, tokens: int) -> None:
    """Let what can be compiled be so, where gradients are wanted and the batch has its usual size.

    Another size would cost another compilation: the last step of a run goes the plain way, and so do evaluations.

    Args:
        model: Of this package; others have no such parts.
        tokens: Of the usual micro-batch; 0 = nothing is compiled.
    """
    for module in model.modules():
        if hasattr(module, "fused_tokens"):
            module.fused_tokens = tokens  # type: ignore[assignment]


def is_usual(tokens: int, fused_tokens: int) -> bool:
    """Whether a batch of so many tokens goes through what is compiled for so many."""
    return tokens == fused_tokens > 0 and torch.is_grad_enabled()


def is_worth_compiling(config: Any, tokens: int | None) -> bool:
    """Whether training is long enough to win back the time of compiling.

    Args:
        config: Of the model; adopted ones are never compiled.
        tokens: Of the run; None = counted otherwise (fine-tuning, which is short and has texts of any length).
    """
    if tokens is None or not isinstance(config, ModelConfig):
        return False
    return training_flops_per_token(config) * tokens >= LEAST_FLOPS


def usual_tokens(config: Any, batch_tokens: int | None, micro_tokens: int, num_ranks: int) -> int:
    """Tokens of a rank's usual micro-batch; 0 where there is none.

    Args:
        config: Of the model; adopted ones have rows of any length.
        batch_tokens: Of an update; None = counted otherwise.
        micro_tokens: The most that go through the model at once.
        num_ranks: That share an update.
    """
    if batch_tokens is None or not isinstance(config, ModelConfig):
        return 0
    return min(micro_tokens, batch_tokens // num_ranks) // config.context * config.context
