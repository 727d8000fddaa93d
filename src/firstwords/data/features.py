"""Words and lines of a batch of texts, split and hashed once and shared by every step that asks.

`Features(texts)` costs nothing; the first filter that asks for words or lines pays for them, later ones read the same
arrays. A transform that changed some rows gets them split anew (`replaced`), the other rows keep theirs; rejected
rows are dropped with `select`. What a word and a line is: `firstwords.data.characters`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from firstwords.data.characters import tables

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.line_measures import LineMeasures
    from firstwords.data.marked_words import MarkedWords

    Array = np.ndarray


@dataclass(frozen=True)
class Words:
    """The words of D texts, one text after another.

    `offsets` (D + 1,) int64 bounds the texts in `hashes` (uint64 of the lower-cased word), `starts` (uint32,
    characters before the word in its text, runs of white space counting as one) and `lengths` (uint32 characters).
    `counts` (D, 6) int64 holds for each text: characters, characters in words, tokens, tokens with a letter, number
    signs, ellipses (columns named in `kernels`).
    """

    offsets: Array
    hashes: Array
    starts: Array
    lengths: Array
    counts: Array

    @property
    def num_words(self) -> Array:
        """(D,) words of each text."""
        return np.diff(self.offsets)

    def select(self, rows: Array) -> Words:
        """The words of some texts, in the order of the row numbers given."""
        offsets, taken = ranges(self.offsets, rows)
        return Words(offsets, self.hashes[taken], self.starts[taken], self.lengths[taken], self.counts[rows])

    def append(self, other: Words) -> Words:
        """The words of these texts and then of others."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in ("hashes", "starts", "lengths", "counts")]
        return Words(concatenated(self.offsets, other.offsets), *(np.concatenate(pair) for pair in pairs))


@dataclass(frozen=True)
class Lines:
    """The lines of D texts that are not blank, one text after another.

    `offsets` (D + 1,) int64; `hashes` uint64 and `lengths` uint32 characters of the line trimmed and with white space
    collapsed; `flags` uint8 (`OPENS_PARAGRAPH`, `IS_BULLET`, `ENDS_IN_ELLIPSIS` in `kernels`).
    """

    offsets: Array
    hashes: Array
    lengths: Array
    flags: Array

    @property
    def num_lines(self) -> Array:
        """(D,) lines of each text."""
        return np.diff(self.offsets)

    def count_flag(self, flag: int) -> Array:
        """(D,) lines of each text that carry a flag."""
        flagged = np.concatenate(([0], np.cumsum((self.flags & flag) > 0)))
        return flagged[self.offsets[1:]] - flagged[self.offsets[:-1]]

    def select(self, rows: Array) -> Lines:
        """The lines of some texts, in the order of the row numbers given."""
        offsets, taken = ranges(self.offsets, rows)
        return Lines(offsets, self.hashes[taken], self.lengths[taken], self.flags[taken])

    def append(self, other: Lines) -> Lines:
        """The lines of these texts and then of others."""
        pairs = [(getattr(self, name), getattr(other, name)) for name in ("hashes", "lengths", "flags")]
        return Lines(concatenated(self.offsets, other.offsets), *(np.concatenate(pair) for pair in pairs))


class Features:
    """What steps want to know about a batch of texts, computed when first asked for.

    Args:
        texts: D strings without nulls.
    """

    def __init__(self, texts: pa.StringArray) -> None:
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def words(self) -> Words:
        """The words of the batch."""
        return split_words(self.texts)

    @cached_property
    def lines(self) -> Lines:
        """The lines of the batch."""
        return split_lines(self.texts)

    @cached_property
    def line_measures(self) -> LineMeasures:
        """The lines of the batch with what the line rules ask of them."""
        from firstwords.data.line_measures import measure_lines

        return measure_lines(self.texts)

    @cached_property
    def marked_words(self) -> MarkedWords:
        """The words of the batch with punctuation marks among them."""
        from firstwords.data.marked_words import split_marked

        return split_marked(self.texts)

    def select(self, rows: Array) -> Features:
        """The features of some rows.

        Args:
            rows: (R,) row numbers.
        """
        chosen = Features(self.texts.take(_as_arrow(rows)))
        for name in self._computed():
            chosen.__dict__[name] = self.__dict__[name].select(rows)
        return chosen

    def replaced(self, texts: pa.StringArray, changed: Array) -> Features:
        """The features after some texts were changed; only those are split anew.

        Args:
            texts: All D texts.
            changed: (D,) bool, which of them differ from the texts before.
        """
        assert len(texts) == len(self.texts) == len(changed)
        anew = Features(texts)
        if not changed.any():
            anew.__dict__.update({name: self.__dict__[name] for name in self._computed()})
            return anew
        rows = np.flatnonzero(changed)
        # Old rows first, the changed ones after them; `order` picks for each row the one that holds.
        order = np.arange(len(texts))
        order[rows] = len(texts) + np.arange(len(rows))
        some = Features(texts.take(_as_arrow(rows)))
        for name in self._computed():
            anew.__dict__[name] = self.__dict__[name].append(getattr(some, name)).select(order)
        return anew

    def _computed(self) -> list[str]:
        """What has been asked for so far."""
        return [name for name in ("words", "lines", "line_measures", "marked_words") if name in self.__dict__]


def split_words(texts: pa.StringArray) -> Words:
    """Split and hash the words of a batch of texts."""
    from firstwords.data import kernels

    data, offsets = utf8(texts)
    room = (int(offsets[-1] - offsets[0]) + 1) // 2 + len(texts)
    word_offsets = np.empty(len(texts) + 1, np.int64)
    hashes, starts, lengths = np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.uint32)
    counts = np.zeros((len(texts), 6), np.int64)
    total = kernels.split_words(data, offsets, *tables(), word_offsets, hashes, starts, lengths, counts)
    # Copies, so that the roomy arrays are given back.
    return Words(word_offsets, hashes[:total].copy(), starts[:total].copy(), lengths[:total].copy(), counts)


def split_lines(texts: pa.StringArray) -> Lines:
    """Split and hash the lines of a batch of texts."""
    from firstwords.data import kernels

    data, offsets = utf8(texts)
    room = int(np.count_nonzero(data[offsets[0] : offsets[-1]] == ord("\n"))) + len(texts)
    line_offsets = np.empty(len(texts) + 1, np.int64)
    hashes, lengths, flags = np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.uint8)
    total = kernels.split_lines(data, offsets, tables()[0], line_offsets, hashes, lengths, flags)
    return Lines(line_offsets, hashes[:total], lengths[:total], flags[:total])


def utf8(texts: pa.StringArray) -> tuple[Array, Array]:
    """The bytes of an Arrow string array, not copied, and the (D + 1,) int64 bounds of its texts in them.

    Raises:
        ValueError: If a text is null.
    """
    import pyarrow as pa

    if texts.null_count:
        raise ValueError(f"{texts.null_count} texts are null")
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, bounds, data = texts.buffers()
    if not len(texts) or bounds is None:
        return np.frombuffer(b"", np.uint8), np.zeros(1, np.int64)
    offsets = np.frombuffer(bounds, width)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    # An immutable view whatever the buffer: numba would compile a second time for a writable one.
    return np.frombuffer(memoryview(data or b"").toreadonly(), np.uint8), offsets


def hash_words(words: Sequence[str]) -> Array:
    """The hashes that `words` have in a text.

    Raises:
        ValueError: If one of them is not exactly one word.
    """
    import pyarrow as pa

    split = split_words(pa.array(words, pa.string()))
    for word, number in zip(words, split.num_words, strict=True):
        if number != 1:
            raise ValueError(f"'{word}' is {number} words; give single words")
    return split.hashes


def _as_arrow(rows: Array) -> pa.Array:
    import pyarrow as pa

    return pa.array(rows)


def concatenated(first: Array, second: Array) -> Array:
    """The offsets of two runs of ranges put one after the other."""
    return np.concatenate((first, second[1:] + first[-1]))


def ranges(offsets: Array, rows: Array) -> tuple[Array, Array]:
    """New offsets, and positions of all elements, of the ranges of some rows."""
    sizes = np.diff(offsets)[rows]
    bounds = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return bounds, np.arange(bounds[-1]) + np.repeat(offsets[:-1][rows] - bounds[:-1], sizes)
