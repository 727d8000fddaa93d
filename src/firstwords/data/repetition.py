"""How much of a text repeats itself: lines, paragraphs and word n-grams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from firstwords.data.features import Lines, Words


def count_repeated_ngrams(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Characters inside frequent and inside repeated word n-grams.

    Returns:
        (D, 3) characters in all occurrences of the 2-, 3- and 4-gram that has most of them (0 if each occurs once),
        and (D, 6) characters in second and later occurrences of 5- to 10-grams, none counted twice.
    """
    from firstwords.data import kernels

    keys, stamps, shift = _table(2 * int(words.num_words.max(initial=0)))
    frequent = np.zeros((len(words.offsets) - 1, 3), np.int64)
    repeated = np.zeros((len(words.offsets) - 1, 6), np.int64)
    sums = np.zeros(len(keys), np.int64)
    kernels.repeated_ngrams(
        words.hashes, words.starts, words.lengths, words.offsets, keys, stamps, sums, shift, frequent, repeated
    )
    return frequent, repeated


def count_repeated_lines(lines: Lines) -> np.ndarray:
    """Lines and paragraphs that stood in the same text before.

    Returns:
        (D, 8): lines, repeated lines, characters of lines, characters of repeated lines, and the same four for
        paragraphs.
    """
    from firstwords.data import kernels

    keys, stamps, shift = _table(4 * int(lines.num_lines.max(initial=0)))
    counts = np.zeros((len(lines.offsets) - 1, 8), np.int64)
    kernels.repeated_lines(lines.hashes, lines.lengths, lines.flags, lines.offsets, keys, stamps, shift, counts)
    return counts


def _table(entries: int) -> tuple[np.ndarray, np.ndarray, np.uint64]:
    """Room for a hash table: keys, stamps (0 is never used) and how far to shift a hash to get a slot."""
    bits = max(4, entries.bit_length())
    return np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int64), np.uint64(64 - bits)
