"""How often each distinct word occurs: all that a tokenizer learns from."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from firstwords.machine import num_cores
from firstwords.tokenizer import word_kernels as kernels
from firstwords.tokenizer.characters import character_classes
from firstwords.tokenizer.patterns import Pattern
from firstwords.tokenizer.text_buffers import shares, text_buffers

if TYPE_CHECKING:
    from firstwords.tokenizer.text_buffers import Texts

PATTERN_NUMBERS = {"gpt2": kernels.GPT2, "llama3": kernels.LLAMA3, None: kernels.WHOLE}
_ROWS, _BYTES = 2**16, 2**20


@dataclass(frozen=True)
class WordCounts:
    """Distinct words with their counts, in the order of their bytes.

    Attributes:
        data: uint8, the words one after another.
        offsets: (W + 1,) int64, their bounds in `data`.
        counts: (W,) int64.
    """

    data: np.ndarray
    offsets: np.ndarray
    counts: np.ndarray

    def __len__(self) -> int:
        return len(self.counts)

    def most_frequent(self, number: int) -> WordCounts:
        """At most so many words, the most frequent, in the order of their bytes."""
        if len(self) <= number:
            return self
        kept = np.sort(np.argsort(-self.counts, kind="stable")[:number])
        lengths = np.diff(self.offsets)
        chosen = np.zeros(len(self), bool)
        chosen[kept] = True
        offsets = np.concatenate([[0], np.cumsum(lengths[kept])])
        return WordCounts(self.data[np.repeat(chosen, lengths)], offsets, self.counts[kept])

    def cut(self, max_bytes: int, *, whole_characters: bool = False) -> WordCounts:
        """Longer words in pieces, each of which counts as a word.

        Args:
            max_bytes: Of a piece.
            whole_characters: Whether a piece ends before a character that would be cut in two.
        """
        if not len(self) or np.diff(self.offsets).max() <= max_bytes:
            return self
        offsets, counts = [0], []
        for end, count in zip(self.offsets[1:].tolist(), self.counts.tolist(), strict=True):
            while end - offsets[-1] > max_bytes:
                behind = offsets[-1] + max_bytes
                while whole_characters and self.data[behind] & 0xC0 == 0x80:
                    behind -= 1
                offsets.append(behind)
                counts.append(count)
            offsets.append(end)
            counts.append(count)
        return WordCounts(self.data, np.array(offsets, np.int64), np.array(counts, np.int64))


def count_words(batches: Iterable[Texts], pattern: Pattern, threads: int | None = None) -> WordCounts:
    """Count the words of texts; the same whatever the number of threads and however the texts are batched.

    Args:
        batches: Texts; one batch at a time is held.
        pattern: How they are cut into words.
        threads: Each counts its part of a batch in a table of its own; one for every core if it is not given.
    """
    threads = threads or num_cores()
    tables = [_Table(PATTERN_NUMBERS[pattern]) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        for texts in batches:
            data, offsets = text_buffers(texts)
            parts = shares(offsets, threads)
            list(pool.map(lambda table, part, data=data: table.count(data, part), tables, parts))
    return reduce(_Table.add, tables[1:], tables[0]).sorted()


class _Table:
    """A hash table of words that grows."""

    def __init__(self, pattern: int) -> None:
        self._pattern = pattern
        self._table = np.zeros((_ROWS, 5), np.uint64)
        self._arena = np.empty(_BYTES, np.uint8)
        self._state = np.zeros(4, np.int64)

    def count(self, data: np.ndarray, offsets: np.ndarray) -> None:
        """Add the words of texts."""
        self._state[kernels.TEXT] = self._state[kernels.AT] = 0
        arguments = (data, offsets, character_classes(), self._pattern)
        while not kernels.count_words(*arguments, self._table, self._arena, self._state):
            self._grow()

    def add(self, other: _Table) -> _Table:
        """Add another table's counts."""
        self._state[kernels.AT] = 0
        while not kernels.add_table(other._table, other._arena, self._table, self._arena, self._state):
            self._grow()
        return self

    def _grow(self) -> None:
        if 2 * self._state[kernels.ENTRIES] >= len(self._table) - 1:
            larger = np.zeros((2 * len(self._table), 5), np.uint64)
            kernels.rehash(self._table, larger)
            self._table = larger
        else:
            # Longer than any word still to come would be a guess: doubling until it fits is not.
            self._arena = np.concatenate([self._arena, np.empty_like(self._arena)])

    def sorted(self) -> WordCounts:
        rows = self._table[self._table[:, kernels.LENGTH] > 0]
        places, lengths = (rows[:, column].astype(np.int64) for column in (kernels.PLACE, kernels.LENGTH))
        words = [self._arena[p : p + n].tobytes() for p, n in zip(places.tolist(), lengths.tolist(), strict=True)]
        order = sorted(range(len(words)), key=words.__getitem__)
        data = np.frombuffer(b"".join(words[i] for i in order), np.uint8)
        offsets = np.concatenate([[0], np.cumsum(lengths[order])]) if order else np.zeros(1)
        counts = rows[:, kernels.COUNT].astype(np.int64)[order] if order else np.zeros(0, np.int64)
        return WordCounts(data, offsets.astype(np.int64), counts)
