"""Finding duplicates across a corpus: equal addresses and texts, similar texts, repeated paragraphs and lines.

Documents are numbered by *rank*: 0 is the one preferred to all others (those of an old corpus, then by source, quality,
length and id). Of documents that are the same, the lowest rank stays. A similar document goes only when it is similar
to one that stays, so no chain of small differences takes out a text unlike its survivor, and of a similar pair never
both stay. The documents of an old corpus are the `num_old` lowest ranks: they all stay, and nothing is compared to find
out whether they should.

The functions here are the reductions of the stage `deduplicate` (`firstwords.data.shuffle`), and the maps that read
candidates: pure functions of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.data.features import Features
from firstwords.data.file_array import FileArray
from firstwords.data.minhash import MinHash, jaccard
from firstwords.data.shards import read_batches
from firstwords.data.shuffle import read_array, read_partition, records, write_array, write_run

if TYPE_CHECKING:
    from firstwords.data.fates import Ranking

# A bucket of more documents than this is compared with its best and its neighbours only: all pairs of a page that
# stands on a million sites would be 5e11.
BUCKET = 32
SHINGLES_AT_ONCE = 1_000_000
"""Word runs that are held while pairs are compared: 8 MB, and as much as one pair has where that is more."""


REPEATED = np.dtype([("key", np.uint64), ("end", np.uint32), ("first", np.uint32)])
"""A part of a text that is not the first of its kind: `key` is `number of the document << 32 | which part`, `end` the
last of its parts that go (the same one, but for words), and `first` the rank of the document that has the first."""
SIMILARITY = np.dtype([("key", np.uint64), ("score", np.float64)])
"""A pair of documents that are similar enough: `key` is `higher rank << 32 | lower rank`."""


@dataclass(frozen=True)
class Runs:
    """The runs of one kind from all shards, cut into partitions, and the ranks of their documents.

    `ranks` is a file of the (N,) ranks of all documents, and `starts` the number of the first document of each run's
    shard.
    """

    places: tuple[str, ...]
    partitions: int
    ranks: str
    starts: tuple[int, ...]

    def read(self, partition: int, gone: str | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Records of one partition, and the numbers and the ranks of their documents.

        Args:
            partition: Its number.
            gone: A bool file, by rank, of the documents that are left out.
        """
        rows, run = read_partition([Path(place) for place in self.places], partition, self.partitions)
        documents = np.array(self.starts, np.int64)[run] + rows["row"]
        ranks = FileArray(Path(self.ranks)).gather(documents)
        if gone is not None:
            stays = ~FileArray(Path(gone)).gather(ranks)
            rows, documents, ranks = rows[stays], documents[stays], ranks[stays]
        return rows, documents, ranks


@dataclass(frozen=True)
class FindEqual:
    """Reduces a partition of digests: (loser, winner) ranks of equal texts or addresses."""

    runs: Runs
    gone: str
    name: str
    num_old: int = 0

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/<name>/<partition>.npy`; see `Work.map`."""
        rows, _, ranks = self.runs.read(partition, self.gone)
        order = np.lexsort((ranks, rows["low"], rows["key"]))
        rows, ranks = rows[order], ranks[order]
        first = np.ones(len(rows), bool)
        first[1:] = (rows["key"][1:] != rows["key"][:-1]) | (rows["low"][1:] != rows["low"][:-1])
        winners = ranks[first][np.cumsum(first) - 1] if len(rows) else ranks
        goes = ~first & (ranks >= self.num_old)
        place = f"scratch/{self.name}/{partition}.npy"
        write_array(folder / place, records(loser=ranks[goes], winner=winners[goes]))
        return {"files": [place], "rows_in": len(rows)}


@dataclass(frozen=True)
class FindCandidates:
    """Reduces a partition of band keys: pairs of ranks, lower first, that share a band."""

    runs: Runs
    gone: str
    num_old: int = 0

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/candidates/<partition>.npy`; see `Work.map`."""
        rows, _, ranks = self.runs.read(partition, self.gone)
        order = np.lexsort((ranks, rows["key"]))
        place = f"scratch/candidates/{partition}.npy"
        write_array(folder / place, bucket_pairs(rows["key"][order], ranks[order], self.num_old))
        return {"files": [place], "rows_in": len(rows)}


def bucket_pairs(keys: np.ndarray, ranks: np.ndarray, num_old: int = 0) -> np.ndarray:
    """The pairs to compare inside buckets of equal keys, as `lower << 32 | higher`, sorted, without repeats.

    All pairs of a bucket of up to `BUCKET` documents; in a larger one each document with its `BUCKET` predecessors and
    with the `BUCKET` best of the bucket.

    Args:
        keys: (R,) sorted.
        ranks: (R,) sorted within equal keys.
        num_old: Two documents of lower rank than this make no pair.
    """
    # A key that stands once, as most do, is in no pair.
    shared = np.zeros(len(keys), bool)
    shared[1:] = keys[1:] == keys[:-1]
    shared[:-1] |= shared[1:]
    keys, ranks = keys[shared], ranks[shared]
    starts = np.searchsorted(keys, keys, "left")
    places = np.arange(len(keys))
    found = [np.empty(0, np.uint64)]
    for distance in range(1, BUCKET + 1):
        for partner in (places - distance, starts + distance - 1):
            inside = (partner >= starts) & (partner < places) & (ranks >= num_old)
            # A text whose bands agree with each other stands in a bucket twice.
            inside[inside] = ranks[partner[inside]] != ranks[inside]
            lower, higher = ranks[partner[inside]].astype(np.uint64), ranks[inside].astype(np.uint64)
            found.append(np.unique(lower << np.uint64(32) | higher))
        if not (places - distance >= starts).any():
            break
    return np.unique(np.concatenate(found))


@dataclass(frozen=True)
class ShingleShard:
    """Writes the word-run sets of the documents of one shard that are candidates."""

    minhash: MinHash

    def __call__(self, shard: tuple[str, str, str], folder: Path) -> dict[str, Any]:
        """Write `scratch/shingles/<key>/`; see `Work.map`.

        Args:
            shard: Its key, the Parquet file, and a file of the (R,) sorted row numbers wanted.
            folder: Of the artifact.
        """
        key, path, wanted_file = shard
        wanted = read_array(Path(wanted_file))
        offsets, values = [np.zeros(1, np.int64)], [np.empty(0, np.uint64)]
        first = 0
        for batch in read_batches(path, columns=["text"]):
            low, high = np.searchsorted(wanted, [first, first + batch.num_rows])
            texts = batch.column("text").take(wanted[low:high].astype(np.int64) - first)
            first += batch.num_rows
            if len(texts):
                bounds, shingles = self.minhash.shingle_sets(Features(texts).words)
                offsets.append(bounds[1:] + offsets[-1][-1])
                values.append(shingles)
        place = f"scratch/shingles/{key}"
        write_array(folder / place / "offsets.npy", np.concatenate(offsets))
        write_array(folder / place / "values.npy", np.concatenate(values))
        return {"files": [f"{place}/offsets.npy", f"{place}/values.npy"], "rows_in": len(wanted)}


@dataclass(frozen=True)
class VerifyPairs:
    """Computes the exact similarity of one stretch of the candidate pairs.

    `pairs` is a file of the pairs as `lower << 32 | higher`. In shard order, `wanted` are the files of the rows that
    are candidates and `shingles` the folders that `ShingleShard` filled from them.
    """

    pairs: str
    ranking: Ranking
    wanted: tuple[str, ...]
    shingles: tuple[str, ...]
    threshold: float

    def __call__(self, stretch: tuple[int, int, int], folder: Path) -> dict[str, Any]:
        """Write the run of similar pairs `scratch/similar/<number>.npy` (`SIMILARITY`); see `Work.map`.

        Args:
            stretch: Its number, first pair, and end.
            folder: Of the artifact.
        """
        number, first, last = stretch
        left, right = unpack_pairs(FileArray(Path(self.pairs)).read(first, last))
        similarity = np.empty(len(left))
        ranks, places = np.unique(np.concatenate((left, right)), return_inverse=True)
        sets = _ShingleSets(self, ranks)
        # So many pairs at a time as their sets fit into little memory: two books are as large as a thousand posts.
        sizes = sets.sizes[places]
        block = np.cumsum(sizes[: len(left)] + sizes[len(left) :]) // SHINGLES_AT_ONCE
        bounds = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(left)]
        left, right = places[: len(left)], places[len(left) :]
        for low, high in pairwise(bounds):
            some, places = np.unique(np.concatenate((left[low:high], right[low:high])), return_inverse=True)
            offsets, values, where = sets.read(some)
            places = where[places]
            similarity[low:high] = jaccard(places[: high - low], places[high - low :], offsets, values)
        similar = similarity >= self.threshold
        keys = ranks[right[similar]].astype(np.uint64) << np.uint64(32) | ranks[left[similar]].astype(np.uint64)
        place = f"scratch/similar/{number}.npy"
        write_run(folder / place, records(key=keys, score=similarity[similar]))
        return {"files": [place], "rows_in": len(left)}


class _ShingleSets:
    """The word-run sets of some documents, read from the files of one shard at a time."""

    def __init__(self, verify: VerifyPairs, ranks: np.ndarray) -> None:
        self.folders = [Path(folder) for folder in verify.shingles]
        self.shards, rows = verify.ranking.places(ranks)
        self.starts, self.sizes = np.empty(len(ranks), np.int64), np.empty(len(ranks), np.int64)
        for shard, some in _by_shard(self.shards):
            positions = np.searchsorted(read_array(Path(verify.wanted[shard])), rows[some])
            offsets = read_array(self.folders[shard] / "offsets.npy")
            self.starts[some] = offsets[positions]
            self.sizes[some] = offsets[positions + 1] - offsets[positions]

    def read(self, some: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(S + 1,) bounds and sorted hashes of the sets of S documents, by shard, and (S,) where each one is."""
        parts, sizes, where = [np.empty(0, np.uint64)], [np.empty(0, np.int64)], np.empty(len(some), np.int64)
        num_read = 0
        for shard, those in _by_shard(self.shards[some]):
            starts, lengths = self.starts[some[those]], self.sizes[some[those]]
            bounds = np.cumsum(lengths)
            values = read_array(self.folders[shard] / "values.npy")
            parts.append(values[np.arange(lengths.sum()) + np.repeat(starts - bounds + lengths, lengths)])
            sizes.append(lengths)
            where[those] = np.arange(num_read, num_read + len(those))
            num_read += len(those)
        offsets = np.concatenate(([0], np.cumsum(np.concatenate(sizes)))).astype(np.int64)
        return offsets, np.concatenate(parts), where


def _by_shard(shards: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each shard and which entries are of it."""
    order = np.argsort(shards, kind="stable")
    bounds = np.flatnonzero(np.diff(shards[order], prepend=-1))
    for first, last in pairwise([*bounds.tolist(), len(order)]):
        yield int(shards[order[first]]), order[first:last]


def unpack_pairs(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and higher rank of pairs packed as `lower << 32 | higher`."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def choose_survivors(pairs: np.ndarray, gone: set[int]) -> Iterator[tuple[int, int, float]]:
    """Which documents go, as (loser, winner, similarity): those similar to one of lower rank that stays.

    Args:
        pairs: Records `SIMILARITY`, sorted: in the order of the document in question, best partner first, so that all
            partners of lower rank are settled by then.
        gone: Those of them that are gone by now; those that go are added.
    """
    for key, score in zip(pairs["key"].tolist(), pairs["score"].tolist(), strict=True):
        loser, winner = key >> 32, key & 0xFFFFFFFF
        if winner not in gone and loser not in gone:
            gone.add(loser)
            yield loser, winner, score


@dataclass(frozen=True)
class FindRepeated:
    """Reduces a partition of hashes of parts of texts: records `REPEATED` of the parts that are not the first.

    The first is the one in the document of lowest rank, and there the earliest. A part that stands in at most
    `max_documents` documents is not called repeated.
    """

    runs: Runs
    gone: str
    name: str
    max_documents: int = 0
    num_old: int = 0

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/<name>/<partition>.npy`; see `Work.map`."""
        rows, documents, ranks = self.runs.read(partition, self.gone)
        order = np.lexsort((rows["index"], ranks, rows["key"]))
        keys, ranks, index = rows["key"][order], ranks[order], rows["index"][order]
        new = np.ones(len(keys), bool)
        new[1:] = keys[1:] != keys[:-1]
        group = np.cumsum(new) - 1
        other_document = new.copy()
        other_document[1:] |= ranks[1:] != ranks[:-1]
        numbers = np.bincount(group, other_document).astype(np.int64) if len(keys) else np.empty(0, np.int64)
        again = ~new & (numbers[group] > self.max_documents) & (ranks >= self.num_old)
        parts = documents[order][again].astype(np.uint64) << np.uint64(32) | index[again]
        place = f"scratch/{self.name}/{partition}.npy"
        write_run(folder / place, records(key=parts, end=index[again], first=ranks[new][group[again]]))
        return {"files": [place], "rows_in": len(rows)}
