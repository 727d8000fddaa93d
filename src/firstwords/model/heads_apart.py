"""Attention of a training step on a processor: each head of each document apart.

torch's own kernel for processors is at half the rate of a matrix product, and in bfloat16 at a tenth on short documents
(docs/log/2026-11-27-rows.md). Here queries, keys and values go to rows of their own in the pass that normalises and
turns them. Then one kernel does the rest where the processor can (`head_kernels`), elsewhere batched products of torch
(`batched_heads`), which in float32 are no faster than its own kernel: then only the pass over the heads is taken from
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from firstwords.model.batched_heads import attend_batched, attend_batched_gradient
from firstwords.model.rows import array


class Group(NamedTuple):
    """Documents that have the same number of slots."""

    documents: int
    slots: int
    causal: bool


@dataclass(frozen=True)
class Layout:
    """Where tokens lie when heads are apart (`attention_kernels`).

    Attributes:
        first: (N,) uint64, slot at which each token's document begins.
        slot: (N,) uint64, its place there.
        size: (N,) uint64, slots of the document.
        groups: One after another.
        real: (D,) int64, tokens of each document, in the order of the slots.
    """

    first: np.ndarray[Any, Any]
    slot: np.ndarray[Any, Any]
    size: np.ndarray[Any, Any]
    groups: tuple[Group, ...]
    real: np.ndarray[Any, Any]

    @property
    def num_slots(self) -> int:
        """P, those of padding included."""
        return sum(group.documents * group.slots for group in self.groups)

    @property
    def is_full(self) -> bool:
        """Whether no slot is padding."""
        return self.num_slots == len(self.first)

    @property
    def places(self) -> tuple[np.ndarray[Any, Any], ...]:
        """Of the tokens, as kernels take them."""
        return self.first, self.slot, self.size

    @cached_property
    def documents(self) -> np.ndarray[Any, Any]:
        """(D, 4) int64, as kernels take documents: first slot, slots, tokens, whether causal."""
        _, slots, causal = np.repeat(np.array(self.groups), [group.documents for group in self.groups], axis=0).T
        return np.stack([slots.cumsum() - slots, slots, self.real, causal], axis=1).astype(np.int64)

    def new(self, num_heads: int, head_size: int, dtype: torch.dtype) -> Tensor:
        """(P * H, S) to be filled; zeros where some rows are padding, which products carry on."""
        made = torch.empty if self.is_full else torch.zeros
        return made((self.num_slots * num_heads, head_size), dtype=dtype)


def in_order(num_tokens: int) -> Layout:
    """The layout in which heads stay beside each other: row `n * H + h` for head h of token n."""
    tokens = np.arange(num_tokens, dtype=np.uint64)
    ones = np.ones_like(tokens)
    return Layout(tokens, np.zeros_like(tokens), ones, (Group(num_tokens, 1, False),), ones.view(np.int64))


def beside(first: Layout, second: Layout) -> Layout:
    """The layout of two parts of a batch, one behind the other."""
    return Layout(
        np.concatenate([first.first, second.first + np.uint64(first.num_slots)]),
        np.concatenate([first.slot, second.slot]),
        np.concatenate([first.size, second.size]),
        first.groups + second.groups,
        np.concatenate([first.real, second.real]),
    )


@dataclass(frozen=True)
class Heads:
    """What is done to queries and keys.

    Attributes:
        num_heads: H.
        num_kv_heads: K.
        head_size: S.
        scales: Two of (S,) float32, of the norms of queries and keys; empty = they are not normalised.
        angles: As `operations.rotary_angles` gives them, in float32; empty = they are not turned, nor normalised.
        epsilon: Of the norms.
    """

    num_heads: int
    num_kv_heads: int
    head_size: int
    scales: tuple[Tensor, ...] = ()
    angles: tuple[Tensor, ...] = ()
    epsilon: float = 0.0

    @property
    def copies(self) -> int:
        """How many heads of queries look at each head of keys."""
        return self.num_heads // self.num_kv_heads


class _Settings(NamedTuple):
    """Of `Heads`, what is no tensor; and the copies of each head of keys and values."""

    num_heads: int
    num_kv_heads: int
    head_size: int
    copies: int
    normed: bool
    epsilon: float


def settings_of(heads: Heads, copies: int) -> _Settings:
    """What is no tensor, for `copies` of each head of keys and values."""
    sizes = heads.num_heads, heads.num_kv_heads, heads.head_size
    return _Settings(*sizes, copies, len(heads.scales) > 0, heads.epsilon)


def tensors_of(heads: Heads) -> tuple[Tensor, ...]:
    """Scales (2, S), cosine and sine (N, S) or (0, S)."""
    scales = torch.stack(heads.scales) if heads.scales else torch.ones(2, heads.head_size)
    return scales, *(x.flatten(1) for x in heads.angles or [torch.empty(0, heads.head_size)] * 2)


def _arguments(joint: Tensor, tensors: tuple[Tensor, ...], layout: Layout, settings: _Settings) -> tuple[Any, ...]:
    counts = (np.uint64(n) for n in (settings.num_heads, settings.num_kv_heads, settings.copies))
    return (
        array(joint),
        *layout.places,
        *counts,
        settings.normed,
        *(array(x) for x in tensors),
        np.float32(settings.epsilon),
    )


def _spread(joint: Tensor, tensors: tuple[Tensor, ...], layout: Layout, settings: _Settings) -> tuple[Tensor, ...]:
    from firstwords.model.attention_kernels import spread_heads

    shared = settings.num_kv_heads * settings.copies
    spread = tuple(layout.new(n, settings.head_size, joint.dtype) for n in (settings.num_heads, shared, shared))
    spread_heads(*_arguments(joint, tensors, layout, settings), *(array(x) for x in spread))
    return spread


def _spread_gradient(
    joint: Tensor, tensors: tuple[Tensor, ...], layout: Layout, settings: _Settings, slopes: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor | None]:
    from firstwords.model.attention_kernels import spread_heads_gradient

    result, scales_sum = torch.empty_like(joint), torch.zeros_like(tensors[0])
    filled = (array(slope.contiguous()) for slope in slopes)
    given = _arguments(joint, tensors, layout, settings)
    spread_heads_gradient(*given, *filled, array(result), array(scales_sum))
    return result, scales_sum if settings.normed else None


class _Turned(torch.autograd.Function):
    """Queries, keys and values beside each other, as one product gives them, to three tensors."""

    @staticmethod
    def forward(ctx: Any, joint: Tensor, settings: _Settings, *tensors: Tensor) -> tuple[Tensor, ...]:
        layout = in_order(joint.shape[0])
        # Without norms the gradient does not need the numbers, only their shape.
        ctx.save_for_backward(joint if settings.normed else joint.new_empty(0), *tensors)
        ctx.settings = layout, settings
        return tuple(x.view(joint.shape[0], -1, settings.head_size) for x in _spread(joint, tensors, layout, settings))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        joint, *tensors = ctx.saved_tensors
        layout, settings = ctx.settings
        if not settings.normed:
            joint = gradients[0].new_empty(gradients[0].shape[0], sum(g.shape[1] * g.shape[2] for g in gradients))
        flat = tuple(gradient.flatten(0, 1) for gradient in gradients)
        result, scales_sum = _spread_gradient(joint, tuple(tensors), layout, settings, flat)
        return result, None, scales_sum, None, None


def turned_heads(joint: Tensor, heads: Heads) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, normalised and turned.

    Args:
        joint: (N, (H + 2 K) * S) in float32 or bfloat16: heads of queries, of keys, of values.
        heads: What is done to them.

    Returns:
        (N, H, S), (N, K, S), (N, K, S)
    """
    settings = settings_of(heads, 1)
    query, key, value = _Turned.apply(joint, settings, *tensors_of(heads))  # type: ignore[no-untyped-call]
    return query, key, value


def by_tiles(dtype: torch.dtype, head_size: int) -> bool:
    """Whether products of heads are left to kernels of our own, which take one head after another."""
    from firstwords.model.matrix_kernels import multiplies
    from firstwords.model.packing_kernels import LANES

    return head_size % LANES == 0 and multiplies(dtype)


def attended(joint: Tensor, tensors: tuple[Tensor, ...], layout: Layout, settings: _Settings) -> tuple[Tensor, Tensor]:
    """Attention without gradients.

    Args:
        joint: (N, (H + 2 K) * S): heads of queries, keys and values.
        tensors: As `tensors_of` gives them.
        layout: Of the documents.
        settings: Of the heads.

    Returns:
        (N, H * S), and (P * H,) logs of the sums of the exponentials of the scores.
    """
    from firstwords.model.attention_kernels import gather_heads

    num_heads = settings.num_heads
    spread = _spread(joint, tensors, layout, settings)
    result, sums = torch.empty_like(spread[0]), torch.empty(len(spread[0]))
    if by_tiles(joint.dtype, settings.head_size):
        from firstwords.model.head_kernels import attend_heads

        attend_heads(*(array(x) for x in spread), layout.documents, num_heads, array(sums), array(result))
    else:
        attend_batched(spread, layout, num_heads, sums, result)
    mixed = joint.new_empty((len(joint), num_heads * settings.head_size))
    gather_heads(array(result), *layout.places, np.uint64(num_heads), array(mixed))
    return mixed, sums


def attended_gradient(
    slope: Any,
    joint: Tensor,
    tensors: tuple[Tensor, ...],
    layout: Layout,
    settings: _Settings,
    mixed: Tensor,
    sums: Tensor,
) -> tuple[Tensor, Tensor | None]:
    """Of `attended`, with respect to `joint` and the scales of heads.

    Args:
        slope: Of `mixed`, as kernels take it.
        joint, tensors, layout, settings: As there.
        mixed, sums: What it gave.
    """
    from firstwords.model.attention_kernels import gather_heads_gradient

    num_heads = settings.num_heads
    spread = _spread(joint, tensors, layout, settings)
    outer, along = layout.new(num_heads, settings.head_size, joint.dtype), torch.zeros(len(sums))
    gather_heads_gradient(slope, array(mixed), *layout.places, np.uint64(num_heads), array(outer), array(along))
    if by_tiles(joint.dtype, settings.head_size):
        from firstwords.model.head_kernels import attend_heads_gradient

        slopes = tuple(torch.empty(x.shape) for x in spread)
        known = (array(x) for x in (*spread, outer))
        filled = (array(x) for x in (sums, along, *slopes))
        attend_heads_gradient(*known, layout.documents, num_heads, *filled)
    else:
        slopes = tuple(torch.empty_like(x) for x in spread)
        attend_batched_gradient(spread, outer, layout, num_heads, (sums, along), slopes)
    return _spread_gradient(joint, tensors, layout, settings, slopes)


class Apart(torch.autograd.Function):
    """`attend_apart`."""

    @staticmethod
    def forward(ctx: Any, joint: Tensor, layout: Layout, settings: _Settings, *tensors: Tensor) -> Tensor:  # noqa: D102 (torch says it)
        mixed, sums = attended(joint, tensors, layout, settings)
        ctx.save_for_backward(joint, mixed, sums, *tensors)
        ctx.settings = layout, settings
        return mixed

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102 (torch says it)
        joint, mixed, sums, *tensors = ctx.saved_tensors
        slope = array(gradients[0].contiguous())
        layout, settings = ctx.settings
        result, scales_sum = attended_gradient(slope, joint, tuple(tensors), layout, settings, mixed, sums)
        return result, None, None, scales_sum, None, None


def attend_apart(joint: Tensor, heads: Heads, layout: Layout) -> Tensor:
    """Attention within each document; can be differentiated once.

    Args:
        joint: (N, (H + 2 K) * S) in bfloat16 (or float32): heads of queries, of keys, of values.
        heads: What is done to them before.
        layout: Of the documents.

    Returns:
        (N, H * S)
    """
    return Apart.apply(joint, layout, settings_of(heads, heads.copies), *tensors_of(heads))  # type: ignore[no-any-return, no-untyped-call]
