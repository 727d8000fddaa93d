"""Ranking all documents by preference, from runs that every shard sorted for itself.

Ranges of the preference are cut by samples of the runs, so that each holds about `RANKED_AT_ONCE` documents however
many share a length, and are sorted one after the other.

Source: Shi and Schaeffer 1992, "Parallel sorting by regular sampling".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from firstwords.data.file_array import FileArray

ORDER = np.dtype(
    [
        ("source", np.uint32),
        ("quality", np.float64),
        ("length", np.uint32),
        ("words", np.uint32),
        ("id", np.uint64),
        ("row", np.uint32),
    ]
)
"""What the preference of a document depends on, and its row in the shard."""

RANKED_AT_ONCE = 250_000
SAMPLE_EVERY = 512


def preferred_first(rows: np.ndarray) -> np.ndarray:
    """The order of records `ORDER`: preferred source, higher quality, longer text, lower id; ties as they come."""
    longest = ~rows["length"]  # a longer text has a lower complement
    source = rows["source"].astype(np.uint64) << np.uint64(32)
    quality = -rows["quality"]
    if len(rows) and (quality == quality[0]).all():
        return np.lexsort((rows["id"], source | longest))
    return np.lexsort((rows["id"], longest, quality, source))


def by_preference(runs: Sequence[Path]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All documents in the order of their ranks, so many at a time.

    Args:
        runs: Files of records `ORDER` in the order of `preferred_first`, in shard order.

    Yields:
        Records `ORDER`, and for each the number of its run.
    """
    files = [FileArray(run) for run in runs]
    firsts = [0] * len(files)
    for lasts in _cuts(files):
        parts = [file.read(*ends) for file, *ends in zip(files, firsts, lasts, strict=True)]
        rows = np.concatenate([np.empty(0, ORDER), *parts])
        run = np.repeat(np.arange(len(files)), [len(part) for part in parts])
        order = preferred_first(rows)
        yield rows[order], run[order]
        firsts = lasts


def _cuts(files: Sequence[FileArray]) -> Iterator[list[int]]:
    """Where each file is cut so that the parts between hold about `RANKED_AT_ONCE` documents; the last are the ends."""
    parts = [file.gather(np.arange(SAMPLE_EVERY - 1, len(file), SAMPLE_EVERY)) for file in files]
    samples = np.concatenate([np.empty(0, ORDER), *parts])
    order = preferred_first(samples)
    samples, owners = samples[order], np.repeat(np.arange(len(files)), [len(part) for part in parts])[order]
    every = max(1, RANKED_AT_ONCE // SAMPLE_EVERY)
    for place in range(every, len(samples), every):
        bound = samples[place : place + 1]
        # Documents of equal preference are not parted: their order is that of their shards.
        less = _number_before(samples[:place], bound)
        passed = np.bincount(owners[:less], minlength=len(files)) * SAMPLE_EVERY
        yield [
            first + _number_before(file.read(first, min(first + SAMPLE_EVERY, len(file))), bound)
            for file, first in zip(files, passed.tolist(), strict=True)
        ]
    yield [len(file) for file in files]


def _number_before(rows: np.ndarray, bound: np.ndarray) -> int:
    """How many of some records, in order, are strictly preferred to one record."""
    return int(np.flatnonzero(preferred_first(np.concatenate((bound, rows))) == 0)[0])
