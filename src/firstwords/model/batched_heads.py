"""Attention of heads that lie apart, by batched products of torch: for so many heads at once that their scores stay in
the cache. Nothing of size T x T is kept for the way back, which computes the shares again from the log of their sum
(Dao et al. 2022). Where the processor can, `head_kernels` takes the place of this.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from firstwords.model.rows import array

if TYPE_CHECKING:
    from firstwords.model.heads_apart import Layout

# Scores that are held at once: 2 MiB in bfloat16.
SCORES_AT_ONCE = 2**20
# Causal queries are multiplied with the keys that they see, so many queries at once; with fewer, products are slow.
CAUSAL_BLOCK = 128


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


def attend_batched(spread: tuple[Tensor, ...], layout: Layout, num_heads: int, sums: Tensor, result: Tensor) -> None:
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


def attend_batched_gradient(
    spread: tuple[Tensor, ...],
    outer: Tensor,
    layout: Layout,
    num_heads: int,
    sums: tuple[Tensor, Tensor],
    slopes: tuple[Tensor, ...],
) -> None:
    """Of `attend_batched`; fills `slopes`."""
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
