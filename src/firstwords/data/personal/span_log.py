"""What became of personal data in a batch: counts, types and lengths, never values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.data.personal.finder import Span

if TYPE_CHECKING:
    import pyarrow as pa


class SpanLog:
    """What was replaced in each row.

    Attributes:
        counts: Type to how often it was found in each row, (rows,) int32.
        spans: For each row, type and length in bytes of its spans, in the order in which they were replaced.
        numbers: Row to the numbers of its values, for numbered placeholders; forgotten with this object.
    """

    def __init__(self, num_rows: int, types: Sequence[str]) -> None:
        self.counts = {each: np.zeros(num_rows, np.int32) for each in types}
        self.spans: list[list[dict[str, Any]]] = [[] for _ in range(num_rows)]
        self.numbers: dict[int, dict[tuple[str, bytes], int]] = {}

    def add(self, row: int, spans: Sequence[Span]) -> None:
        """Spans of a row are about to be replaced."""
        self.numbers.setdefault(row, {})
        for span in spans:
            self.counts[span.type][row] += 1
            self.spans[row].append({"type": span.type, "bytes": span.end - span.start})

    def as_array(self) -> pa.Array:
        """`spans` as list<struct<type, bytes>>, a row each."""
        import pyarrow as pa

        return pa.array(self.spans, pa.list_(pa.struct([("type", pa.string()), ("bytes", pa.int32())])))
