"""Attention over documents that lie one after another.

`Segments` is made once per forward pass from the bounds. Where all documents have one length, its work is a plain
reshape. Otherwise documents of similar length are gathered into small padded groups, for attention only: causal
attention never looks at padding that comes after a document, bidirectional attention gets a mask over the keys.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from firstwords.model.batch import Batch
from firstwords.model.heads_apart import Group, Layout
from firstwords.model.written_gradient import call

# A group costs one call; padding costs its share of attention. A group whose shortest document has at least this share
# of the longest's tokens wastes at most a quarter of them.
FILL = 0.75
# On a processor the gradient takes up to four times as long in bfloat16 as in float32 for documents of fewer tokens
# (docs/log/2026-11-27-rows.md).
SHORT = 512
# Kernels of GPUs for half precision; the first that takes the shapes is used. cuDNN's know the units of new cards.
FASTEST_FIRST = [
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]


class Attention(Protocol):
    """Who decides which tokens see each other: `Segments`, or a key-value cache."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(N, H, S), (N, K, S), (N, K, S) to (N, H * S)."""


class _Slots(NamedTuple):
    """Documents of any lengths gathered into padded groups."""

    source: Tensor
    """(P,) the token that fills each slot."""
    slot: Tensor
    """(N,) the slot that holds each token."""
    padding: Tensor
    """Slots that hold no token."""
    key_masks: list[Tensor | None]
    """Of each group, (D, 1, 1, T)."""


class Segments:
    """How the tokens of a batch are grouped for attention.

    Args:
        batch: Its bounds are read once.
        causal: Whether a token sees only those before it in its document.
    """

    def __init__(self, batch: Batch, causal: bool) -> None:
        self.causal = causal
        bounds = batch.known_bounds.cpu().numpy()
        self._starts, self._lengths = bounds[:-1], np.diff(bounds)
        self._device = batch.input_ids.device
        longest = int(self._lengths.max())
        self.uniform_length = longest if longest == self._lengths.min() else None
        self._members = self._group()
        self.shapes = [(len(members), int(self._lengths[members[0]])) for members in self._members]

    def _group(self) -> list[np.ndarray[Any, Any]]:
        """Documents of each group, the longest first."""
        if self.uniform_length is not None:
            return [np.arange(len(self._lengths))]
        left = np.argsort(-self._lengths, kind="stable")
        groups = []
        while len(left):
            number = int((self._lengths[left] >= FILL * self._lengths[left[0]]).sum())
            groups.append(left[:number])
            left = left[number:]
        return groups

    @cached_property
    def _slots(self) -> _Slots:
        sources, reals, key_masks = [], [], []
        for members, (_, longest) in zip(self._members, self.shapes, strict=True):
            begins = torch.from_numpy(self._starts[members])[:, None]
            ends = torch.from_numpy(self._lengths[members])[:, None]
            slots = torch.arange(longest)[None, :]
            real = slots < ends  # (D, T)
            # Padding repeats the document's last token: finite numbers, and its gradient is set to zero.
            sources.append((begins + torch.minimum(slots, ends - 1)).flatten())
            reals.append(real.flatten())
            masked = not self.causal and not bool(real.all())
            key_masks.append(real[:, None, None, :].to(self._device) if masked else None)
        source, is_real = torch.cat(sources), torch.cat(reals)
        real_slots = is_real.nonzero().flatten()
        slot = torch.empty(len(real_slots), dtype=torch.int64)
        slot[source[real_slots]] = real_slots
        padding = (~is_real).nonzero().flatten()
        return _Slots(source.to(self._device), slot.to(self._device), padding.to(self._device), key_masks)

    @cached_property
    def layout(self) -> Layout:
        """Where the tokens lie when heads are apart, the groups being the same."""
        first, size = np.empty((2, len(self._lengths)), np.uint64)
        at = 0
        for members, (documents, slots) in zip(self._members, self.shapes, strict=True):
            first[members] = at + slots * np.arange(documents)
            size[members] = slots
            at += documents * slots
        slot = (np.arange(int(self._lengths.sum())) - self._starts.repeat(self._lengths)).view(np.uint64)
        groups = tuple(Group(documents, slots, self.causal) for documents, slots in self.shapes)
        real = self._lengths[np.concatenate(self._members)]
        return Layout(first.repeat(self._lengths), slot, size.repeat(self._lengths), groups, real)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Attention within each document.

        Args:
            layer: Unused; a cache needs it.
            query: (N, H, S)
            key: (N, K, S), K dividing H: each key head serves H / K query heads.
            value: (N, K, S)

        Returns:
            (N, H * S)
        """
        if self.uniform_length is not None:
            documents = (-1, self.uniform_length)
            query, key, value = (x.unflatten(0, documents).transpose(1, 2) for x in (query, key, value))
            return dot_product_attention(query, key, value, causal=self.causal).flatten(0, 1)
        sizes = [documents * slots for documents, slots in self.shapes]
        source, slot, padding, key_masks = self._slots
        grouped = (call(_ToSlots, x, source, slot).split(sizes) for x in (query, key, value))
        mixed = []
        for shape, mask, *parts in zip(self.shapes, key_masks, *grouped, strict=True):
            q, k, v = (part.unflatten(0, shape).transpose(1, 2) for part in parts)  # (D, H, T, S)
            mixed.append(dot_product_attention(q, k, v, causal=self.causal, mask=mask).flatten(0, 1))
        return call(_FromSlots, torch.cat(mixed), source, slot, padding)


class _ToSlots(torch.autograd.Function):
    """Tokens to the slots of their groups.

    The gradient of `index_select` is a slow scattered addition; here each token's gradient comes from exactly one slot
    (padding's is zero), so the way back is a gather too.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, source: Tensor, slot: Tensor) -> Tensor:
        ctx.save_for_backward(slot)
        return x.index_select(0, source)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0].index_select(0, ctx.saved_tensors[0]), None, None


class _FromSlots(torch.autograd.Function):
    """Slots back to the order of the tokens; padding is dropped."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, source: Tensor, slot: Tensor, padding: Tensor) -> Tensor:
        ctx.save_for_backward(source, padding)
        return x.index_select(0, slot)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        source, padding = ctx.saved_tensors
        return gradients[0].index_select(0, source).index_fill(0, padding, 0.0), None, None, None


def dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, *, causal: bool, mask: Tensor | None = None
) -> Tensor:
    """Scaled dot-product attention; key heads may be fewer than query heads.

    Args:
        query: (D, H, T, S)
        key: (D, K, U, S)
        value: (D, K, U, S)
        causal: Token t sees keys 0 to t; needs T = U and no mask.
        mask: True where a query sees a key; broadcastable to (D, H, T, U).

    Returns:
        (D, T, H * S)
    """
    if query.dtype == torch.bfloat16 and query.device.type == "cpu" and query.shape[2] < SHORT:
        mixed = dot_product_attention(query.float(), key.float(), value.float(), causal=causal, mask=mask)
        return mixed.to(query.dtype)
    grouped = query.shape[1] != key.shape[1]
    half = query.is_cuda and query.dtype in (torch.bfloat16, torch.float16)
    with sdpa_kernel(FASTEST_FIRST, set_priority=True) if half else nullcontext():
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=causal, enable_gqa=grouped)
    return mixed.transpose(1, 2).flatten(2)
