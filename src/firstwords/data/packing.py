"""Documents packed into rows of one length, for pre-training: no padding, no token lost, none seen twice.

The split is read as one stream, each document's end-of-text included, and cut every `context` tokens. The tokens
of a row are what it *predicts*; what it reads is one token earlier, and a document's first token is read after an
end-of-text. So in every epoch every token of the split, end-of-text included, is predicted exactly once, from tokens
of its own document alone: the bounds say where documents begin, and attention does not cross them.

Rows are cut once, for the longest context, and never again; in which order they come is the loader's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np

from firstwords.data.token_store import TokenStore


class Row(NamedTuple):
    """One row of pieces of documents.

    Attributes:
        input_ids: (T,) int32, what is read; the first token of a document is end-of-text.
        labels: (T,) int32, the token that follows each of them in its document.
        bounds: (D + 1,) int64; piece d is `input_ids[bounds[d]:bounds[d + 1]]`.
    """

    input_ids: np.ndarray
    labels: np.ndarray
    bounds: np.ndarray


class PackedRows(Sequence[Row]):
    """All rows of a split; read by number, made when they are read.

    Args:
        store: The split.
        context: Tokens of every row; only the last may be shorter.
    """

    def __init__(self, store: TokenStore, context: int) -> None:
        if context < 1:
            raise ValueError(f"a row needs at least one token, not {context}")
        self.store = store
        self.context = context

    def __len__(self) -> int:
        """Number of rows."""
        return (len(self.store.tokens) + self.context - 1) // self.context

    @overload
    def __getitem__(self, number: int) -> Row: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Row]: ...
    def __getitem__(self, number: int | slice) -> Row | Sequence[Row]:
        """Row `number`; negative numbers count from the end.

        Raises:
            IndexError: If there is no such row.
        """
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"row {number} of {len(self)}")
        store = self.store
        start = number % len(self) * self.context
        end = min(start + self.context, len(store.tokens))
        labels = store.tokens[start:end].astype(np.int32)
        input_ids = np.empty_like(labels)
        input_ids[1:] = labels[:-1]
        # The stream begins as if a document had just ended.
        input_ids[0] = store.tokens[start - 1] if start else store.end_of_text
        first, last = np.searchsorted(store.starts, [start, end], side="left")
        inner = store.starts[first:last] - start
        # A document that begins with the row is its first bound anyhow.
        bounds = np.concatenate([[0], inner[inner > 0], [end - start]]).astype(np.int64)
        return Row(input_ids, labels, bounds)

    @property
    def num_tokens(self) -> int:
        """Tokens predicted in one epoch: all of the split."""
        return len(self.store.tokens)

    @property
    def bytes_per_token(self) -> float:
        """UTF-8 bytes of text that a predicted token stands for, on average; end-of-text stands for none.

        Raises:
            ValueError: If the split is empty.
        """
        if not self.num_tokens:
            raise ValueError(f"the split '{self.store.split}' of {self.store.folder} has no tokens")
        return float(self.store.num_bytes.sum()) / self.num_tokens
