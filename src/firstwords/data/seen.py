"""Which ids were there before, in eight bytes an id."""

from collections.abc import Sequence
from typing import Any

import numpy as np

FRESH = 4096
"""Ids that are kept as they come before they are sorted."""


class SeenIds:
    """A set of document ids (16 hexadecimal digits) that only grows.

    A Python set takes a hundred bytes an id, which a file of fifty million lines turns into gigabytes. Here are sorted
    arrays whose lengths fall by halves: joined like that, every id is copied a number of times that grows with the
    logarithm of all.
    """

    def __init__(self) -> None:
        self._sorted: list[np.ndarray[Any, Any]] = []
        self._fresh: set[int] = set()

    def __len__(self) -> int:
        return len(self._fresh) + sum(map(len, self._sorted))

    def add(self, ids: Sequence[str]) -> list[bool]:
        """Add ids in their order; for each, whether it was new."""
        numbers = [int(each, 16) for each in ids]
        wanted = np.array(numbers, np.uint64)
        before = np.zeros(len(wanted), bool)
        for known in self._sorted:
            at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            before |= known[at] == wanted
        found = []
        for number, known_before in zip(numbers, before.tolist(), strict=True):
            is_new = not known_before and number not in self._fresh
            if is_new:
                self._fresh.add(number)
            found.append(is_new)
        if len(self._fresh) >= FRESH:
            self._settle()
        return found

    def _settle(self) -> None:
        newest = np.sort(np.fromiter(self._fresh, np.uint64, len(self._fresh)))
        self._fresh = set()
        while self._sorted and len(self._sorted[-1]) < 2 * len(newest):
            newest = np.sort(np.concatenate([self._sorted.pop(), newest]))
        self._sorted.append(newest)
