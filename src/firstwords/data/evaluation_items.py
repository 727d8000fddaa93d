"""Evaluation items as n-grams that a corpus can be searched for.

An item of at least `ngram_words` words is the set of its n-grams of that length; a shorter one is a single n-gram of
all its words; one of fewer than `min_words` says nothing and is not searched for. Only hashes are kept: the texts
themselves are never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from firstwords.data.features import split_words
from firstwords.data.shuffle import read_array, write_array

BATCH_ITEMS = 1000
SIEVE_BITS_A_KEY = 16  # one lookup in sixteen goes on to the table
_ARRAYS = ("words", "sizes", "keys", "bounds", "items", "places", "table", "numbers", "sieve")


class Item(NamedTuple):
    """One evaluation item: the number of its set, its name there, and its text."""

    set: int
    id: str
    text: str


@dataclass(frozen=True)
class ItemIndex:
    """The n-grams of I items: G different ones, standing at O places.

    `words` (I,) int64 is the length of each item and `sizes` (I,) int64 that of its n-grams, 0 where it is too short.
    `keys` (G,) uint64 are sorted; `bounds` (G + 1,) int64 are the bounds of each in `items` (O,) int32 and `places`
    (O,) int32, where it stands (an item, the position of the first word). `table`, `numbers` and `sieve` are what
    `overlap_kernels.find_ngrams` looks keys up in.
    """

    words: np.ndarray
    sizes: np.ndarray
    keys: np.ndarray
    bounds: np.ndarray
    items: np.ndarray
    places: np.ndarray
    table: np.ndarray
    numbers: np.ndarray
    sieve: np.ndarray

    @classmethod
    def build(cls, texts: Iterable[str], ngram_words: int, min_words: int) -> ItemIndex:
        """The index of some texts; their order gives the items' numbers."""
        parts = [_ngrams(batch, ngram_words, min_words) for batch in _batches(texts)]
        words, sizes, keys, places = (_joined([p[column] for p in parts], column) for column in range(4))
        numbers_of_ngrams = np.where(sizes > 0, words - sizes + 1, 0)
        items = np.repeat(np.arange(len(words), dtype=np.int32), numbers_of_ngrams)
        distinct, inverse = np.unique(keys, return_inverse=True)
        order = np.argsort(inverse, kind="stable")
        bounds = np.concatenate(([0], np.cumsum(np.bincount(inverse, minlength=len(distinct))))).astype(np.int64)
        return cls(words, sizes, distinct, bounds, items[order], places[order], *_lookup(distinct))

    @property
    def lengths(self) -> np.ndarray:
        """(Z,) int64: the lengths that n-grams have, ascending."""
        return np.unique(self.sizes[self.sizes > 0])

    def find(self, texts: pa.StringArray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every place where one of the n-grams stands: text, position of its first word, number of the n-gram.

        Args:
            texts: D texts.
            wanted: (D,) bool, which of them to look at.
        """
        from firstwords.data import overlap_kernels

        words = split_words(texts)
        shifts = (np.uint64(65 - len(self.table).bit_length()), np.uint64(62 - len(self.sieve).bit_length()))
        room = 1024
        while True:
            rows, at, found = np.empty(room, np.uint32), np.empty(room, np.uint32), np.empty(room, np.int32)
            count = overlap_kernels.find_ngrams(
                words.hashes,
                words.offsets,
                wanted,
                self.lengths,
                self.table,
                self.numbers,
                shifts[0],
                self.sieve,
                shifts[1],
                rows,
                at,
                found,
            )
            if count <= room:
                return rows[:count], at[:count], found[:count]
            room = count

    def covered(self, usable: np.ndarray) -> np.ndarray:
        """(I,) int64: words of each item that stand in a usable n-gram.

        Args:
            usable: (G,) bool.
        """
        ngram = np.repeat(np.arange(len(self.keys)), np.diff(self.bounds))
        taken = usable[ngram]
        items, places = self.items[taken], self.places[taken]
        order = np.lexsort((places, items))
        words = covered_words(items[order], places[order], self.sizes)
        return np.bincount(items[order], words, minlength=len(self.words)).astype(np.int64)

    def save(self, folder: Path) -> None:
        """Write the arrays, hashes and numbers only."""
        for name in _ARRAYS:
            write_array(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def load(cls, folder: Path) -> ItemIndex:
        """The index as maps of its files, shared by all workers of a machine."""
        return cls(*(np.asarray(read_array(folder / f"{name}.npy")) for name in _ARRAYS))


def covered_words(groups: np.ndarray, places: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """For each n-gram the words that it covers and the next one of its item does not.

    Args:
        groups: (N,) items, equal ones together.
        places: (N,) positions of the first words, ascending in an item.
        sizes: (I,) words of an n-gram by item.
    """
    size = sizes[groups]
    step = size.copy()
    same = groups[1:] == groups[:-1]
    step[:-1][same] = np.minimum(size[:-1][same], (places[1:] - places[:-1])[same])
    return step


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, BATCH_ITEMS)):
        yield batch


def _ngrams(texts: list[str], ngram_words: int, min_words: int) -> tuple[np.ndarray, ...]:
    """Words and n-gram length of each text; keys and places of all n-grams, text by text."""
    from firstwords.data import overlap_kernels

    # Halves of surrogate pairs are no characters; a JSON file may hold some.
    clean = [text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for text in texts]
    words = split_words(pa.array(clean, pa.string()))
    number = words.num_words
    sizes = np.where(number >= min_words, np.minimum(number, ngram_words), 0)
    counts = np.where(sizes > 0, number - sizes + 1, 0)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    keys = np.empty(offsets[-1], np.uint64)
    overlap_kernels.hash_ngrams(words.hashes, words.offsets, sizes, offsets, keys)
    places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    return number, sizes, keys, places.astype(np.int32)


def _joined(parts: list[np.ndarray], column: int) -> np.ndarray:
    types = (np.int64, np.int64, np.uint64, np.int32)
    return np.concatenate([np.empty(0, types[column]), *parts])


def _lookup(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The table, the numbers in it and the sieve for distinct keys."""
    from firstwords.data import overlap_kernels

    slots = 2 ** max(4, (2 * len(keys)).bit_length())
    bits = 2 ** max(7, (SIEVE_BITS_A_KEY * len(keys)).bit_length())
    table, numbers, sieve = np.zeros(slots, np.uint64), np.zeros(slots, np.int32), np.zeros(bits // 8, np.uint8)
    shifts = np.uint64(65 - slots.bit_length()), np.uint64(65 - bits.bit_length())
    overlap_kernels.fill_table(keys, table, numbers, shifts[0], sieve, shifts[1])
    return table, numbers, sieve
