"""Causal and bidirectional documents in one batch, for models that learn both with the same weights.

The causal documents lie in front (`Batch.num_causal`), so that both parts are plain slices: nothing is gathered, and
each part is attended to as if it were a batch of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

import torch
from torch import Tensor

from firstwords.model.attention import Attention, Segments
from firstwords.model.batch import Batch
from firstwords.model.heads_apart import Heads, Layout, attend_apart, beside, by_tiles, turned_heads
from firstwords.model.ragged_attention import RaggedSegments, is_ragged


def attention_of(
    batch: Batch, causal: bool, dtype: torch.dtype = torch.float32, head_size: int = 0, repeatable: bool = True
) -> Attention:
    """Who sees whom in a batch.

    Args:
        batch: Its `num_causal` goes before `causal`.
        causal: What the model's layout says.
        dtype: Of queries, keys and values.
        head_size: Numbers of a head.
        repeatable: Whether its gradient is added up in one order, on a GPU too.
    """
    kind: Callable[[Batch, bool], Attention] = Segments
    if is_ragged(batch, dtype, head_size, repeatable):
        kind = partial(RaggedSegments, repeatable=repeatable)
    number = batch.num_causal
    if number is None:
        return kind(batch, causal)
    if number in (0, batch.num_documents):
        return kind(batch, number > 0)
    return MixedSegments(batch, number, kind)


def attend_by_rows(attention: Attention, layer: int, joint: Tensor, heads: Heads) -> Tensor:
    """Attention by kernels of our own, as far as they are faster (`heads_apart`).

    Args:
        attention: Whose layout is followed; one that has none gets queries, keys and values.
        layer: For one that has none.
        joint: (N, (H + 2 K) * S): heads of queries, of keys, of values.
        heads: What is done to them before.

    Returns:
        (N, H * S)
    """
    layout = layout_apart(attention, joint.dtype, heads.head_size)
    if layout is not None:
        return attend_apart(joint, heads, layout)
    return attention.attend(layer, *turned_heads(joint, heads))


def layout_apart(attention: Attention, dtype: torch.dtype, head_size: int) -> Layout | None:
    """Where tokens lie if heads are attended to apart; None where they are not.

    Args:
        attention: Who sees whom.
        dtype: That products are made in. In float32, batched products are no faster than torch's own attention.
        head_size: S.
    """
    if (dtype == torch.bfloat16 or by_tiles(dtype, head_size)) and isinstance(attention, Segments | MixedSegments):
        return attention.layout
    return None


class MixedSegments:
    """Attention over a batch whose first documents are causal and whose last ones are not.

    Args:
        batch: As for `Segments`.
        num_causal: At least one, and fewer than there are documents.
        kind: Of the attention of each part.
    """

    def __init__(self, batch: Batch, num_causal: int, kind: Callable[[Batch, bool], Attention] = Segments) -> None:
        middle = int(batch.known_bounds[num_causal])
        self._sizes = (middle, batch.num_tokens - middle)
        first = _part(batch, 0, num_causal, middle)
        second = _part(batch, num_causal, batch.num_documents, batch.num_tokens)
        self._parts = (kind(first, True), kind(second, False))

    @cached_property
    def layout(self) -> Layout:
        """Where the tokens lie when heads are apart (both parts are `Segments`)."""
        first, second = self._parts
        return beside(first.layout, second.layout)  # type: ignore[attr-defined]

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """(N, H, S), (N, K, S), (N, K, S) to (N, H * S), as `Segments.attend`."""
        pieces = (x.split(self._sizes) for x in (query, key, value))
        mixed = [part.attend(layer, *each) for part, each in zip(self._parts, zip(*pieces, strict=True), strict=True)]
        return torch.cat(mixed)


def _part(batch: Batch, first: int, last: int, end: int) -> Batch:
    """Documents `first` to `last` as a batch, which end at token `end`."""
    known = batch.known_bounds[first : last + 1]
    begin = int(known[0])
    return Batch(
        input_ids=batch.input_ids[begin:end],
        bounds=batch.bounds[first : last + 1] - begin,
        labels=None,
        max_length=int((known[1:] - known[:-1]).max()),
        host_bounds=None if batch.host_bounds is None else known - begin,
    )
