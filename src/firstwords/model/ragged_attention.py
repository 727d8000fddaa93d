"""Attention over documents of any lengths in one call, by the kernels that GPUs have for it in half precision."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor

from firstwords.model.batch import Batch

LARGEST_HEAD, HEAD_STEP = 256, 8
# Compute capability of the first cards that have the kernels (Ampere).
FIRST_CAPABILITY = (8, 0)


def is_ragged(batch: Batch, dtype: torch.dtype, head_size: int) -> bool:
    """Whether these kernels take a batch and are needed: documents of one length go through the usual ones.

    Args:
        batch: On the device where it is to be read.
        dtype: Of queries, keys and values.
        head_size: Numbers of a head.
    """
    if not batch.input_ids.is_cuda or dtype not in (torch.bfloat16, torch.float16):
        return False
    fits = head_size <= LARGEST_HEAD and head_size % HEAD_STEP == 0
    lengths = batch.known_bounds.diff()
    fits = fits and bool((lengths != lengths[0]).any())
    return fits and torch.cuda.get_device_capability(batch.input_ids.device) >= FIRST_CAPABILITY


class RaggedSegments:
    """As `attention.Segments`, without any padding; making it waits for nothing.

    Args:
        batch: On a GPU.
        causal: Whether a token sees only those before it in its document.
    """

    def __init__(self, batch: Batch, causal: bool) -> None:
        self._bounds = batch.bounds.to(torch.int32)
        self._longest = batch.max_length
        self._window = (-1, 0) if causal else (-1, -1)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(N, H, S), (N, K, S), (N, K, S) to (N, H * S), as `Segments.attend`."""
        from torch.nn.attention.varlen import varlen_attn

        shared: dict[str, Any] = {}
        if query.shape[1] != key.shape[1]:
            if "enable_gqa" in inspect.signature(varlen_attn).parameters:
                shared = {"enable_gqa": True}
            else:  # torch 2.11: every head brings its own copy
                key, value = (x.repeat_interleave(query.shape[1] // x.shape[1], 1) for x in (key, value))
        bounds, longest = self._bounds, self._longest
        mixed: Any = varlen_attn(
            query, key, value, bounds, bounds, longest, longest, window_size=self._window, **shared
        )
        result: Tensor = mixed.flatten(1)
        return result
