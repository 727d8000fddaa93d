"""How much of a text repeats itself: lines, paragraphs and word n-grams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from firstwords.data.features import Lines, Words
    from firstwords.data.marked_words import MarkedWords


def count_repeated_ngrams(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Characters inside frequent and inside repeated word n-grams.

    Returns:
        (D, 3) characters in all occurrences of the 2-, 3- and 4-gram that has most of them (0 if each occurs once),
        and (D, 6) characters in second and later occurrences of 5- to 10-grams, none counted twice.
    """
    return _repeated_ngrams(words.offsets, words.hashes, words.starts, words.lengths)


def count_repeated_marked_ngrams(words: MarkedWords) -> tuple[np.ndarray, np.ndarray]:
    """The same of words and punctuation marks, as datatrove counts characters: in 2- to 4-grams with one space between
    two words, in 5- to 10-grams without. Where no 2-gram (3-gram, 4-gram) occurs twice, the first one counts.
    """
    spaced = _positions(words, 1)
    frequent, _ = _repeated_ngrams(words.offsets, words.hashes, spaced, words.lengths, largest=4)
    _, repeated = _repeated_ngrams(words.offsets, words.hashes, _positions(words, 0), words.lengths, smallest=5)
    starts = spaced.astype(np.int64)
    first = words.offsets[:-1]
    for column, size in enumerate((2, 3, 4)):
        lone = np.flatnonzero((frequent[:, column] == 0) & (words.num_words >= size))
        last = first[lone] + size - 1
        frequent[lone, column] = starts[last] + words.lengths[last] - starts[first[lone]]
    return frequent, repeated


def _positions(words: MarkedWords, gap: int) -> np.ndarray:
    """(W,) where each word would begin in its text with so many characters between two words."""
    ends = np.concatenate(([0], np.cumsum(words.lengths.astype(np.int64) + gap)))
    before = np.repeat(ends[words.offsets[:-1]], words.num_words)
    return (ends[:-1] - before).astype(np.uint32)


def _repeated_ngrams(
    offsets: np.ndarray,
    hashes: np.ndarray,
    starts: np.ndarray,
    lengths: np.ndarray,
    smallest: int = 2,
    largest: int = 10,
) -> tuple[np.ndarray, np.ndarray]:
    from firstwords.data import repetition_kernels as kernels

    keys, stamps, shift = _table(2 * int(np.diff(offsets).max(initial=0)))
    frequent, repeated = np.zeros((len(offsets) - 1, 3), np.int64), np.zeros((len(offsets) - 1, 6), np.int64)
    sums = np.zeros(len(keys), np.int64)
    kernels.repeated_ngrams(
        hashes, starts, lengths, offsets, smallest, largest, keys, stamps, sums, shift, frequent, repeated
    )
    return frequent, repeated


def count_repeated_lines(lines: Lines) -> np.ndarray:
    """Lines and paragraphs that stood in the same text before.

    Returns:
        (D, 8): lines, repeated lines, characters of lines, characters of repeated lines, and the same four for
        paragraphs.
    """
    from firstwords.data import repetition_kernels as kernels

    keys, stamps, shift = _table(4 * int(lines.num_lines.max(initial=0)))
    counts = np.zeros((len(lines.offsets) - 1, 8), np.int64)
    kernels.repeated_lines(lines.hashes, lines.lengths, lines.flags, lines.offsets, keys, stamps, shift, counts)
    return counts


def _table(entries: int) -> tuple[np.ndarray, np.ndarray, np.uint64]:
    """Room for a hash table: keys, stamps (0 is never used) and how far to shift a hash to get a slot."""
    bits = max(4, entries.bit_length())
    return np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int64), np.uint64(64 - bits)
