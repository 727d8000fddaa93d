"""Words and punctuation marks, one text after another: the second reading of what a word is.

Between white space, every punctuation mark and symbol is a word of its own, but for

- hyphens, slashes and `@ ^ | ~`, which stay with the characters beside them (a hyphen between two letters or two
  digits and a slash before a letter are words of their own),
- signs between two letters or digits, which stay inside ("3.14", "a@b.org"), except a comma or dash between letters,
  `: < > =` before a letter, and a full stop between a small and a capital letter,
- an apostrophe before a letter, which begins a new word ("don", "'t"),
- a full stop after a single letter ("J."), and runs of full stops, which are one word.

That is how spaCy's rules for English cut nearly all of running text. Case counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firstwords.data.characters import tables
from firstwords.data.features import concatenated, ranges, utf8

if TYPE_CHECKING:
    import pyarrow as pa

    Array = np.ndarray


@dataclass(frozen=True)
class MarkedWords:
    """The words and marks of D texts: `offsets` (D + 1,) int64, and of each word `hashes` uint64, `lengths` uint32
    characters, and `flags` uint8 (`HAS_LETTER`, `HAS_WORD_CHARACTER` in `marked_kernels`).
    """

    offsets: Array
    hashes: Array
    lengths: Array
    flags: Array

    @property
    def num_words(self) -> Array:
        """(D,) words and marks of each text."""
        return np.diff(self.offsets)

    def count_flag(self, flag: int) -> Array:
        """(D,) words of each text that carry a flag."""
        return self.sums((self.flags & flag) > 0)

    def sums(self, values: Array) -> Array:
        """(D,) the sum of a number for each word (W,) over the words of each text."""
        total = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
        return np.asarray(total[self.offsets[1:]] - total[self.offsets[:-1]])

    def select(self, rows: Array) -> MarkedWords:
        """The words of some texts, in the order of the row numbers given."""
        offsets, taken = ranges(self.offsets, rows)
        return MarkedWords(offsets, self.hashes[taken], self.lengths[taken], self.flags[taken])

    def append(self, other: MarkedWords) -> MarkedWords:
        """The words of these texts and then of others."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in ("hashes", "lengths", "flags")]
        return MarkedWords(concatenated(self.offsets, other.offsets), *(np.concatenate(pair) for pair in pairs))


def split_marked(texts: pa.StringArray) -> MarkedWords:
    """Split and hash the words and marks of a batch of texts."""
    from firstwords.data import marked_kernels

    data, offsets = utf8(texts)
    room = int(offsets[-1] - offsets[0])
    word_offsets = np.empty(len(texts) + 1, np.int64)
    hashes, lengths, flags = np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.uint8)
    total = marked_kernels.split_marked(data, offsets, *tables(), word_offsets, hashes, lengths, flags)
    # Copies, so that the roomy arrays are given back.
    return MarkedWords(word_offsets, hashes[:total].copy(), lengths[:total].copy(), flags[:total].copy())
