"""MinHash with locality-sensitive hashing: finding pairs of texts that share most of their word runs.

A text is the set of its runs of `shingle_words` words. For each of `bands * rows` permutations of the 32-bit hashes a
signature holds the smallest; two texts agree in one value with the probability of their Jaccard similarity s, and in
all values of at least one band with 1 - (1 - s^rows)^bands. Texts that share a band are candidates; the exact
similarity of their sets decides.

Source: Broder 1997 (resemblance); Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", section 3.4 (bands).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from firstwords.data.features import Words


@dataclass(frozen=True)
class MinHash:
    """The parameters of signatures; two texts can only be compared under the same."""

    bands: int = 20
    rows: int = 6
    shingle_words: int = 5

    def band_keys(self, words: Words) -> np.ndarray:
        """(D, bands) uint64: one key for each band of each text; a text without words has keys that mean nothing."""
        from firstwords.data import kernels

        offsets, shingles = self.shingles(words)
        multipliers, addends = _permutations(self.bands * self.rows)
        keys = np.empty((len(offsets) - 1, self.bands), np.uint64)
        kernels.band_keys(shingles, offsets, multipliers, addends, self.rows, keys)
        return keys

    def shingles(self, words: Words) -> tuple[np.ndarray, np.ndarray]:
        """The word runs of D texts: (D + 1,) int64 bounds and uint64 hashes in the order of the text, repeats included.

        A text of fewer words than a run is one run of all of them.
        """
        from firstwords.data import kernels

        numbers = np.maximum(np.minimum(words.num_words, 1), words.num_words - self.shingle_words + 1)
        offsets = np.concatenate(([0], np.cumsum(numbers))).astype(np.int64)
        shingles = np.empty(offsets[-1], np.uint64)
        kernels.shingle_hashes(words.hashes, words.offsets, self.shingle_words, offsets, shingles)
        return offsets, shingles

    def shingle_sets(self, words: Words) -> tuple[np.ndarray, np.ndarray]:
        """The word runs of D texts as sets: (D + 1,) int64 bounds and uint64 hashes, sorted within a text."""
        offsets, shingles = self.shingles(words)
        sets = [_distinct(shingles[first:last]) for first, last in pairwise(offsets)]
        bounds = np.concatenate(([0], np.cumsum([len(each) for each in sets]))).astype(np.int64)
        return bounds, np.concatenate([np.empty(0, np.uint64), *sets])


def _distinct(values: np.ndarray) -> np.ndarray:
    """The values sorted, each once (NumPy's own `unique` hashes first, which is slower for a text's few)."""
    ordered = np.sort(values)
    new = np.ones(len(ordered), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def jaccard(left: np.ndarray, right: np.ndarray, offsets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Exact Jaccard similarity of pairs of sets.

    Args:
        left, right: (P,) int64 numbers of the sets of each pair.
        offsets, values: The sets, as `MinHash.shingle_sets` gives them.

    Returns:
        (P,) float64: members in common by members of either; 0 for two empty sets.
    """
    from firstwords.data import kernels

    shared = np.zeros(len(left), np.int64)
    kernels.shared_counts(left.astype(np.int64), right.astype(np.int64), offsets, values, shared)
    sizes = np.diff(offsets)
    either = sizes[left] + sizes[right] - shared
    return shared / np.maximum(either, 1)


@cache
def _permutations(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Multipliers (odd) and addends of so many permutations of the 32-bit numbers; the first ones never change."""
    # SplitMix64 (Steele, Lea, Flood 2014), written out: a library's generator may change with its version.
    state = np.arange(1, 2 * number + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    draws = ((state ^ (state >> np.uint64(31))) >> np.uint64(32)).astype(np.uint32)
    return draws[0::2] | np.uint32(1), draws[1::2].copy()
