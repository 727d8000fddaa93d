"""Attention of a training step on a processor: each head of each document apart, by batched products.

torch's own kernel for processors is at half the rate of a matrix product, and in bfloat16 at a tenth on short documents
(docs/log/2026-11-27-rows.md). Here queries, keys and values go to rows of their own in the pass that normalises and
turns them; products are made for so many heads at once that their scores stay in the cache; nothing of size T x T is
kept for the way back, which computes the shares again from the log of their sum (Dao et al. 2022).

In float32, where batched products are no faster than that kernel, only the pass over the heads is taken from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from firstwords.model.rows import array

# Scores that are held at once: 2 MiB in bfloat16.
SCORES_AT_ONCE = 2**20
# Causal queries are multiplied with the keys that they see, so many queries at once; with fewer, products are slow.
CAUSAL_BLOCK = 128


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
    def documents(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """(G, 3) of the groups and (D,) of the documents, as kernels take them."""
        return np.array([tuple(group) for group in self.groups], np.int64), self.real

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


class _Piece(NamedTuple):
    """Heads of documents of one size, and a block of their queries with the keys that these may see."""

    rows: slice
    size: int
    queries: slice
    keys: slice
    causal: bool
    visible: np.ndarray[Any, Any]

    def of(self, spread: Tensor) -> Tensor:
        """(B, size, ...) of what has a row for each slot of each head."""
        return spread[self.rows].unflatten(0, (-1, self.size))

    @property
    def is_last(self) -> bool:
        """Whether it is the only block that sees the last keys."""
        return self.keys.stop == self.size


def _pieces(layout: Layout, num_heads: int) -> Iterator[_Piece]:
    """All work of attention; of blocks that share keys, the one that sees all of them comes first."""
    row = document = 0
    for documents, size, causal in layout.groups:
        visible = layout.real[document : document + documents].repeat(num_heads)
        block = CAUSAL_BLOCK if causal and size >= 2 * CAUSAL_BLOCK else size
        together = max(1, SCORES_AT_ONCE // max(1, block * size))
        for begin in range(0, len(visible), together):
            seen = visible[begin : begin + together]
            rows = slice(row + begin * size, row + (begin + len(seen)) * size)
            for query in reversed(range(0, size, max(1, block))):
                last = min(query + block, size)
                yield _Piece(rows, size, slice(query, last), slice(last if causal else size), causal, seen)
        row += documents * size * num_heads
        document += documents


def _by_tiles(joint: Tensor, settings: _Settings) -> bool:
    """Whether products of heads are left to kernels of our own, which take one head after another."""
    from firstwords.model.matrix_kernels import LANES, multiplies

    return settings.head_size % LANES == 0 and multiplies(joint.dtype)


def _attend(spread: tuple[Tensor, ...], layout: Layout, num_heads: int, sums: Tensor, result: Tensor) -> None:
    """Shares times values of all heads, by batched products of torch; fills `sums` and `result`."""
    from firstwords.model.attention_kernels import shares_of_scores

    query, key, value = spread
    scale = np.float32(1 / math.sqrt(query.shape[1]))
    buffer = np.empty(max(group.slots for group in layout.groups), np.float32)
    for piece in _pieces(layout, num_heads):
        at, keys = piece.queries, piece.keys
        scores = torch.bmm(piece.of(query)[:, at], piece.of(key)[:, keys].mT)
        filled = array(piece.of(sums))
        shares_of_scores(array(scores), scale, at.start, piece.visible, piece.causal, filled, buffer)
        torch.bmm(scores, piece.of(value)[:, keys], out=piece.of(result)[:, at])


def _attend_gradient(
    spread: tuple[Tensor, ...],
    outer: Tensor,
    layout: Layout,
    num_heads: int,
    sums: tuple[Tensor, Tensor],
    slopes: tuple[Tensor, ...],
) -> None:
    """Of `_attend`; fills `slopes`."""
    from firstwords.model.attention_kernels import scores_gradient

    scale = np.float32(1 / math.sqrt(outer.shape[1]))
    for piece in _pieces(layout, num_heads):
        at, keys = piece.queries, piece.keys
        q, k, v, o = (piece.of(x)[:, part] for x, part in zip((*spread, outer), (at, keys, keys, at), strict=True))
        shares, change = torch.bmm(q, k.mT), torch.bmm(o, v.mT)
        known = (array(piece.of(x)) for x in sums)
        scores_gradient(array(shares), array(change), scale, at.start, piece.visible, piece.causal, *known)
        query_slope, key_slope, value_slope = (piece.of(x) for x in slopes)
        torch.bmm(change, k, out=query_slope[:, at])
        if piece.is_last:
            torch.bmm(change.mT, q, out=key_slope)
            torch.bmm(shares.mT, o, out=value_slope)
        else:
            key_slope[:, keys] += torch.bmm(change.mT, q)
            value_slope[:, keys] += torch.bmm(shares.mT, o)


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
    if _by_tiles(joint, settings):
        from firstwords.model.head_kernels import attend_heads

        attend_heads(*(array(x) for x in spread), *layout.documents, num_heads, array(sums), array(result))
    else:
        _attend(spread, layout, num_heads, sums, result)
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
    if _by_tiles(joint, settings):
        from firstwords.model.head_kernels import attend_heads_gradient

        slopes = tuple(torch.empty(x.shape) for x in spread)
        known = (array(x) for x in (*spread, outer))
        filled = (array(x) for x in (sums, along, *slopes))
        attend_heads_gradient(*known, *layout.documents, num_heads, *filled)
    else:
        slopes = tuple(torch.empty_like(x) for x in spread)
        _attend_gradient(spread, outer, layout, num_heads, (sums, along), slopes)
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
