"""Attention over documents of any lengths in one call, by the kernels that GPUs have for it in half precision.

They are Dao's (2023), as torch brings them. Their backward pass adds up in an order that differs from run to run,
unless it is told not to.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from firstwords.model.batch import Batch

LARGEST_HEAD, HEAD_STEP = 256, 8
# Compute capability of the first cards that have the kernels (Ampere).
FIRST_CAPABILITY = (8, 0)


def is_ragged(batch: Batch, dtype: torch.dtype, head_size: int, repeatable: bool = True) -> bool:
    """Whether these kernels take a batch and are wanted.

    Args:
        batch: On the device where it is to be read.
        dtype: Of queries, keys and values.
        head_size: Numbers of a head.
        repeatable: Whether the gradient is to be added up in one order. If not, documents of one length go another way,
            which is faster on new cards.
    """
    if not batch.input_ids.is_cuda or dtype not in (torch.bfloat16, torch.float16):
        return False
    fits = head_size <= LARGEST_HEAD and head_size % HEAD_STEP == 0
    lengths = batch.known_bounds.diff()
    wanted = repeatable or bool((lengths != lengths[0]).any())
    return fits and wanted and torch.cuda.get_device_capability(batch.input_ids.device) >= FIRST_CAPABILITY


class RaggedSegments:
    """As `attention.Segments`, without any padding; making it waits for nothing.

    Args:
        batch: On a GPU.
        causal: Whether a token sees only those before it in its document.
        repeatable: Whether its gradient is added up in one order.
    """

    def __init__(self, batch: Batch, causal: bool, repeatable: bool = True) -> None:
        self._settings = batch.bounds.to(torch.int32), batch.max_length, causal, repeatable

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(N, H, S), (N, K, S), (N, K, S) to (N, H * S), as `Segments.attend`."""
        mixed: Tensor = _Flash.apply(query, key, value, *self._settings)
        return mixed.flatten(1)


class _Flash(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        bounds: Tensor,
        longest: int,
        causal: bool,
        repeatable: bool,
    ) -> Tensor:
        found = torch.ops.aten._flash_attention_forward(
            query, key, value, bounds, bounds, longest, longest, 0.0, causal, False
        )
        mixed, log_normaliser, state, unused = found[:4]
        ctx.save_for_backward(query, key, value, mixed, log_normaliser, bounds, state, unused)
        ctx.settings = longest, causal, repeatable
        return mixed  # type: ignore[no-any-return]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, mixed, log_normaliser, bounds, state, unused = ctx.saved_tensors
        longest, causal, repeatable = ctx.settings
        with _in_one_order(repeatable):
            found = torch.ops.aten._flash_attention_backward(
                gradients[0].contiguous(),
                *(query, key, value, mixed, log_normaliser, bounds, bounds, longest, longest, 0.0, causal),
                *(state, unused),
            )
        return (*found, None, None, None, None)


@contextmanager
def _in_one_order(wanted: bool) -> Iterator[None]:
    """Have kernels that are launched meanwhile add up in one order; others that cannot would raise an error."""
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(wanted or before[0], warn_only=not wanted and before[1])
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
