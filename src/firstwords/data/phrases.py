"""Words and phrases of a list, found in texts by the hashes that all filters share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from firstwords.data.features import Words

    Array = np.ndarray

MAX_WORDS = 20
"""Longer phrases are refused: they are texts."""


def phrase_hashes(entries: Iterable[str]) -> dict[int, Array]:
    """Number of words to the sorted hashes of the phrases of so many words.

    Args:
        entries: Words and phrases, in any case; punctuation between their words does not count.

    Raises:
        ValueError: If an entry has no word or too many.
    """
    import pyarrow as pa

    from firstwords.data.features import split_words

    listed = list(entries)
    words = split_words(pa.array(listed, pa.string()))
    for entry, number in zip(listed, words.num_words, strict=True):
        if not 1 <= number <= MAX_WORDS:
            raise ValueError(f"'{entry[:80]}' is {number} words; an entry is 1 to {MAX_WORDS}")
    found = {}
    for size in sorted(set(words.num_words.tolist())):
        some = words.select(np.flatnonzero(words.num_words == size))
        found[int(size)] = np.unique(_runs(some, int(size))[1])
    return found


def count_phrases(words: Words, phrases: Mapping[int, Array]) -> tuple[Array, Array]:
    """(D,) how often phrases of a list occur in each text, and (D,) the words of these occurrences (overlapping ones
    count each).

    Args:
        words: Of D texts.
        phrases: What `phrase_hashes` gave.
    """
    occurrences, covered = (np.zeros(len(words.offsets) - 1, np.int64) for _ in range(2))
    for size, listed in phrases.items():
        offsets, hashes = _runs(words, size)
        places = np.minimum(np.searchsorted(listed, hashes), len(listed) - 1)
        seen = np.concatenate(([0], np.cumsum(listed[places] == hashes)))
        number = seen[offsets[1:]] - seen[offsets[:-1]]
        occurrences += number
        covered += size * number
    return occurrences, covered


def read_entries(place: Any) -> list[str]:
    """The entries of a list: one a line, UTF-8; blank lines and those that begin with `#` are none."""
    lines = (line.strip() for line in place.read_text(encoding="utf-8-sig").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _runs(words: Words, size: int) -> tuple[Array, Array]:
    """Bounds and hashes of the runs of `size` words of each text; a shorter text has none."""
    if size == 1:
        return words.offsets, words.hashes
    from firstwords.data import kernels

    numbers = np.maximum(words.num_words - size + 1, 0)
    offsets = np.concatenate(([0], np.cumsum(numbers))).astype(np.int64)
    hashes = np.empty(offsets[-1], np.uint64)
    kernels.shingle_hashes(words.hashes, words.offsets, size, offsets, hashes)
    return offsets, hashes
