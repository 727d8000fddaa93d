"""Stretches of words that stand in a corpus twice, found exactly and without a suffix array.

A word is repeated when it lies in a window of `size` words that stood before: in a preferred document, or earlier in
the same one. Windows are compared by hash in a shuffle, and found ones word by word. Hashing and sorting every window
of a corpus would write three times its bytes, so windows are sifted first: a window is represented by the lowest of
the hashes of its half-sized windows (its *anchor*), which equal windows share whatever stands around them.
Neighbouring windows mostly have the same anchor, so there are few of them; only windows whose anchor stands in the
corpus twice are hashed as a whole. Nothing is lost by that, and nothing is sampled.

Source: Schleimer, Wilkerson, Aiken 2003 (winnowing) for the lowest hash of a window; Lee et al. 2021 for windows of 50.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from firstwords.data.duplicates import REPEATED
from firstwords.data.features import Features
from firstwords.data.file_array import FileArray
from firstwords.data.shards import read_batches
from firstwords.data.shuffle import read_array, read_range, records, write_array, write_run

if TYPE_CHECKING:
    from firstwords.data.description import Scope
    from firstwords.data.duplicates import Runs
    from firstwords.data.fates import Ranking
    from firstwords.data.features import Words

WINDOW = np.dtype([("key", np.uint64), ("row", np.uint32), ("index", np.uint32)])
REPEAT = np.dtype([("key", np.uint64), ("first_rank", np.uint32), ("first_index", np.uint32)])
"""A window that stood before: `key` is `rank << 32 | index of its first word`; and where it stood first."""


def window_hashes(words: Words, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(D + 1,) bounds and uint64 hashes of all windows of `size` words of D texts."""
    from firstwords.data import duplicate_kernels

    offsets = _bounds(np.maximum(0, words.num_words - size + 1))
    windows = np.empty(offsets[-1], np.uint64)
    duplicate_kernels.window_hashes(words.hashes, words.offsets, size, offsets, windows)
    return offsets, windows


def window_anchors(words: Words, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For all windows of `size` words of D texts: (D + 1,) bounds, the hash of the anchor of each, and where it is."""
    from firstwords.data import duplicate_kernels

    half = (size + 1) // 2
    half_offsets, halves = window_hashes(words, half)
    offsets = _bounds(np.maximum(0, words.num_words - size + 1))
    places = np.empty(offsets[-1], np.int64)
    duplicate_kernels.lowest_places(halves, half_offsets, size - half + 1, offsets, places)
    return offsets, halves[places], places


def anchors(words: Words, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The anchors of D texts, each once for every place where it stands: (D + 1,) bounds and uint64 hashes."""
    offsets, values, places = window_anchors(words, size)
    new = np.ones(len(places), bool)
    new[1:] = places[1:] != places[:-1]
    return np.concatenate(([0], np.cumsum(new)))[offsets], values[new]


def _bounds(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)


@dataclass(frozen=True)
class FindRepeatedAnchors:
    """Reduces a partition of anchors: those that stand in the corpus more than once, sorted."""

    runs: Runs
    gone: str

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/repeated_anchors/<partition>.npy`; see `Work.map`."""
        rows, _, _ = self.runs.read(partition, self.gone)
        keys = np.sort(rows["key"])
        again = np.unique(keys[1:][keys[1:] == keys[:-1]])
        place = f"scratch/repeated_anchors/{partition}.npy"
        write_array(folder / place, again)
        return {"files": [place], "rows_in": len(rows)}


@dataclass(frozen=True)
class WindowShard:
    """Writes the windows of one shard whose anchor is repeated, and the words of the documents that have one."""

    size: int
    scope: Scope
    anchors: tuple[str, ...]
    ranks: str
    gone: str

    def __call__(self, shard: tuple[str, str, int], folder: Path) -> dict[str, Any]:
        """Write `scratch/windows/<key>/`; see `Work.map`.

        Args:
            shard: Its key, the Parquet file, and the number of documents in the shards before it.
            folder: Of the artifact.
        """
        key, path, first = shard
        gone, ranks = FileArray(Path(self.gone)), FileArray(Path(self.ranks))
        repeated = [read_array(Path(place)) for place in self.anchors]
        windows, hashes = [np.empty(0, WINDOW)], [np.empty(0, np.uint64)]
        rows_with, sizes = [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
        row = 0
        for read in read_batches(path, columns=sorted({"text", *self.scope.columns})):
            stays = np.flatnonzero(~gone.gather(ranks.read(first + row, first + row + read.num_rows)))
            batch_rows = (row + stays).astype(np.uint32)
            row += read.num_rows
            batch = read.take(pa.array(stays))
            words, salts = Features(batch.column("text")).words, self.scope.salts(batch)
            offsets, anchors, _ = window_anchors(words, self.size)
            owners = np.repeat(np.arange(len(stays)), np.diff(offsets))
            found = np.flatnonzero(_among(anchors ^ salts[owners], repeated))
            if not len(found):
                continue
            _, values = window_hashes(words, self.size)
            owner = owners[found]
            index = (found - offsets[owner]).astype(np.uint32)
            windows.append(records(key=values[found] ^ salts[owner], row=batch_rows[owner], index=index))
            needed = np.unique(owner)
            some = words.select(needed)
            hashes.append(some.hashes)
            rows_with.append(batch_rows[needed])
            sizes.append(some.num_words)
        place = Path("scratch/windows") / key
        write_run(folder / place / "windows.npy", np.concatenate(windows))
        write_array(folder / place / "rows.npy", np.concatenate(rows_with))
        write_array(folder / place / "offsets.npy", _bounds(np.concatenate(sizes)))
        write_array(folder / place / "words.npy", np.concatenate(hashes))
        names = ("windows", "rows", "offsets", "words")
        return {
            "files": [str(place / f"{name}.npy") for name in names],
            "rows_in": row,
            "windows": sum(map(len, windows)),
        }


def _among(values: np.ndarray, repeated: list[np.ndarray]) -> np.ndarray:
    """Which values stand in one of some sorted arrays."""
    found = np.zeros(len(values), bool)
    for known in repeated:
        if len(known):
            places = np.minimum(np.searchsorted(known, values), len(known) - 1)
            found |= known[places] == values
    return found


@dataclass(frozen=True)
class FindRepeatedWindows:
    """Reduces a partition of windows: a run of those that are not the first of their kind, by rank and position.

    Documents of rank below `num_old` are not changed, so nothing is said about them.
    """

    runs: Runs
    num_old: int

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/repeated_windows/<partition>.npy`; see `Work.map`."""
        rows, _, ranks = self.runs.read(partition)
        order = np.lexsort((rows["index"], ranks, rows["key"]))
        rows, ranks = rows[order], ranks[order].astype(np.uint32)
        new = np.ones(len(rows), bool)
        new[1:] = rows["key"][1:] != rows["key"][:-1]
        firsts = np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
        again = ~new & (ranks >= self.num_old)
        keys = ranks[again].astype(np.uint64) << np.uint64(32) | rows["index"][again].astype(np.uint64)
        first = firsts[again]
        place = f"scratch/repeated_windows/{partition}.npy"
        write_run(folder / place, records(key=keys, first_rank=ranks[first], first_index=rows["index"][first]))
        return {"files": [place], "rows_in": len(rows), "repeated": int(again.sum())}


@dataclass(frozen=True)
class ConfirmStretches:
    """Joins the repeated windows of some documents into stretches and compares those word by word.

    `runs` are the files that `FindRepeatedWindows` wrote, and `shards` the folders that `WindowShard` filled, in shard
    order.
    """

    size: int
    runs: tuple[str, ...]
    shards: tuple[str, ...]
    ranking: Ranking

    def __call__(self, stretch: tuple[int, int, int], folder: Path) -> dict[str, Any]:
        """Write the run `scratch/stretches/<number>.npy` (`REPEATED`), its parts apart from each other in a document.

        Args:
            stretch: Its number, the first rank, and the rank after the last.
            folder: Of the artifact.
        """
        number, low, high = stretch
        repeats, _ = read_range([Path(place) for place in self.runs], low << 32, (high << 32) - 1)
        repeats = repeats[np.argsort(repeats["key"], kind="stable")]
        ranks = np.unique(np.concatenate(((repeats["key"] >> np.uint64(32)).astype(np.uint32), repeats["first_rank"])))
        words = _WordStore(self.shards, self.ranking, ranks)
        confirmed = [
            (words.documents[rank] << 32 | start, end, first)
            for rank, start, end, first in _merged(self._confirmed(repeats, words))
        ]
        place = f"scratch/stretches/{number}.npy"
        write_run(folder / place, np.array(confirmed, REPEATED))
        return {"files": [place], "rows_in": len(repeats), "stretches": len(confirmed)}

    def _confirmed(self, repeats: np.ndarray, words: _WordStore) -> Iterator[tuple[int, int, int, int]]:
        for first, last in _runs_of_neighbours(repeats):
            rank, start = int(repeats["key"][first]) >> 32, int(repeats["key"][first]) & 0xFFFFFFFF
            other, other_start = int(repeats["first_rank"][first]), int(repeats["first_index"][first])
            length = last - first + self.size - 1
            mine = words.of(rank)[start : start + length]
            theirs = words.of(other)[other_start : other_start + length]
            for at, end in _long_runs(mine == theirs, self.size):
                yield rank, start + at, start + end, other


class _WordStore:
    """The words of some documents, by rank, and the numbers of these documents."""

    def __init__(self, shards: tuple[str, ...], ranking: Ranking, ranks: np.ndarray) -> None:
        self.shards = shards
        places = np.stack(ranking.places(ranks), axis=1).tolist()
        self.places = dict(zip(ranks.tolist(), places, strict=True))
        self.documents = {rank: ranking.starts[shard] + row for rank, (shard, row) in self.places.items()}
        self.open: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}

    def of(self, rank: int) -> np.ndarray:
        """The hashes of all words of a document."""
        shard, row = self.places[rank]
        if shard not in self.open:
            folder = Path(self.shards[shard])
            rows, offsets, words = (read_array(folder / f"{name}.npy") for name in ("rows", "offsets", "words"))
            self.open[shard] = rows, offsets, words
        rows, offsets, words = self.open[shard]
        at = int(np.searchsorted(rows, row))
        assert rows[at] == row, "a window was found in a document whose words were not written"
        return words[offsets[at] : offsets[at + 1]]


def _runs_of_neighbours(repeats: np.ndarray) -> Iterator[tuple[int, int]]:
    """Bounds of the runs of windows that follow each other in both of their documents."""
    if not len(repeats):
        return
    follows = np.diff(repeats["key"]) == 1
    follows &= repeats["first_rank"][1:] == repeats["first_rank"][:-1]
    follows &= repeats["first_index"][1:].astype(np.int64) - repeats["first_index"][:-1] == 1
    bounds = np.concatenate(([0], np.flatnonzero(~follows) + 1, [len(repeats)]))
    yield from zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)


def _long_runs(equal: np.ndarray, least: int) -> Iterator[tuple[int, int]]:
    """Start and end of the runs of at least so many trues."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], equal, [False])).astype(np.int8)))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start >= least:
            yield start, end


def _merged(stretches: Iterator[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of a document that meet or overlap as one; the first of them says where it stood before."""
    held: tuple[int, int, int, int] | None = None
    for each in stretches:
        if held and held[0] == each[0] and each[1] <= held[2]:
            held = (held[0], held[1], max(held[2], each[2]), held[3])
            continue
        if held:
            yield held
        held = each
    if held:
        yield held
