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
from typing import Any

import numpy as np

from firstwords.data.features import Features
from firstwords.data.minhash import MinHash, jaccard
from firstwords.data.shards import read_batches
from firstwords.data.shuffle import read_array, read_partition, records, write_array

# A bucket of more documents than this is compared with its best and its neighbours only: all pairs of a page that
# stands on a million sites would be 5e11.
BUCKET = 32
SHINGLES_AT_ONCE = 4_000_000
"""Word runs that are held while pairs are compared: 32 MB, and as much as one pair has where that is more."""


REPEATED = np.dtype([("rank", np.uint32), ("index", np.uint32), ("first", np.uint32)])
"""A part of a text that is not the first of its kind, and the rank of the document that has the first."""


def rank_documents(preference: np.ndarray, ids: np.ndarray, quality: np.ndarray | None = None) -> np.ndarray:
    """(N,) uint32 rank of each document: preferred source, higher quality, longer text, lower id.

    Args:
        preference: (N,) uint64, `source << 32 | length`.
        ids: (N,) uint64 numbers of the documents.
        quality: (N,) float64; without it all are alike.
    """
    ranks = np.empty(len(ids), np.uint32)
    low = np.uint64(0xFFFFFFFF)
    if quality is None:
        order = np.lexsort((ids, preference ^ low))  # a longer text has a lower complement
    else:
        order = np.lexsort((ids, ~preference & low, -quality, preference >> np.uint64(32)))
    ranks[order] = np.arange(len(ids), dtype=np.uint32)
    return ranks


@dataclass(frozen=True)
class Runs:
    """The runs of one kind from all shards, cut into partitions, and the ranks of their documents.

    `ranks` is a file of the (N,) ranks of all shards in order, and `starts` where the shard of each run begins in it.
    """

    places: tuple[str, ...]
    partitions: int
    ranks: str
    starts: tuple[int, ...]

    def read(self, partition: int, gone: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Records of one partition and the ranks of their documents; without the documents that a bool file names."""
        rows, run = read_partition([Path(place) for place in self.places], partition, self.partitions)
        ranks = read_array(Path(self.ranks))[np.array(self.starts, np.int64)[run] + rows["row"]]
        if gone is not None:
            stays = ~read_array(Path(gone))[ranks]
            rows, ranks = rows[stays], ranks[stays]
        return rows, ranks


@dataclass(frozen=True)
class FindEqual:
    """Reduces a partition of digests: (loser, winner) ranks of equal texts or addresses."""

    runs: Runs
    gone: str
    name: str
    num_old: int = 0

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/<name>/<partition>.npy`; see `Work.map`."""
        rows, ranks = self.runs.read(partition, self.gone)
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
        rows, ranks = self.runs.read(partition, self.gone)
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

    `pairs` and `documents` are files: the pairs as `lower << 32 | higher`, and for each rank the shard and the
    position among the wanted rows of that shard. `shingles` are the folders that `ShingleShard` filled, in shard
    order.
    """

    pairs: str
    documents: str
    shingles: tuple[str, ...]

    def __call__(self, stretch: tuple[int, int, int], folder: Path) -> dict[str, Any]:
        """Write `scratch/similarity/<number>.npy`; see `Work.map`.

        Args:
            stretch: Its number, first pair, and end.
            folder: Of the artifact.
        """
        number, first, last = stretch
        left, right = unpack_pairs(read_array(Path(self.pairs))[first:last])
        sets = _ShingleStore(self.shingles, read_array(Path(self.documents)))
        similarity = np.empty(len(left))
        # So many pairs at a time as their sets fit into little memory: two books are as large as a thousand posts.
        ranks, places = np.unique(np.concatenate((left, right)), return_inverse=True)
        sizes = np.array([sets.size(rank) for rank in ranks.tolist()], np.int64)[places]
        block = np.cumsum(sizes[: len(left)] + sizes[len(left) :]) // SHINGLES_AT_ONCE
        bounds = [0, *(np.flatnonzero(np.diff(block)) + 1).tolist(), len(left)]
        for low, high in pairwise(bounds):
            ranks, places = np.unique(np.concatenate((left[low:high], right[low:high])), return_inverse=True)
            some = [sets.of(rank) for rank in ranks.tolist()]
            offsets = np.concatenate(([0], np.cumsum([len(each) for each in some]))).astype(np.int64)
            values = np.concatenate([np.empty(0, np.uint64), *some])
            similarity[low:high] = jaccard(places[: high - low], places[high - low :], offsets, values)
        place = f"scratch/similarity/{number}.npy"
        write_array(folder / place, similarity)
        return {"files": [place], "rows_in": len(left)}


class _ShingleStore:
    """The word-run sets of documents, by rank."""

    def __init__(self, shards: tuple[str, ...], documents: np.ndarray) -> None:
        self.shards, self.documents = shards, documents
        self.open: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def _place(self, rank: int) -> tuple[np.ndarray, int, int]:
        shard, position = self.documents[rank].tolist()
        if shard not in self.open:
            folder = Path(self.shards[shard])
            self.open[shard] = read_array(folder / "offsets.npy"), read_array(folder / "values.npy")
        offsets, values = self.open[shard]
        return values, int(offsets[position]), int(offsets[position + 1])

    def size(self, rank: int) -> int:
        """How many word runs a document has."""
        _, first, last = self._place(rank)
        return last - first

    def of(self, rank: int) -> np.ndarray:
        """The sorted hashes of the word runs of a document."""
        values, first, last = self._place(rank)
        return values[first:last]


def unpack_pairs(pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and higher rank of pairs packed as `lower << 32 | higher`."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def choose_survivors(pairs: np.ndarray, similarity: np.ndarray, threshold: float) -> Iterator[tuple[int, int, float]]:
    """Which documents go, as (loser, winner, similarity): those similar to one of lower rank that stays.

    Args:
        pairs: (P,) packed pairs of ranks.
        similarity: (P,) their exact similarities.
        threshold: The lowest similarity that counts.
    """
    left, right = unpack_pairs(pairs)
    similar = np.flatnonzero(similarity >= threshold)
    gone: set[int] = set()
    # In the order of the document in question, best partner first: all partners of lower rank are settled by then.
    for index in similar[np.lexsort((left[similar], right[similar]))].tolist():
        winner, loser = int(left[index]), int(right[index])
        if winner not in gone and loser not in gone:
            gone.add(loser)
            yield loser, winner, float(similarity[index])


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
        rows, ranks = self.runs.read(partition, self.gone)
        order = np.lexsort((rows["index"], ranks, rows["key"]))
        keys, ranks, index = rows["key"][order], ranks[order], rows["index"][order]
        new = np.ones(len(keys), bool)
        new[1:] = keys[1:] != keys[:-1]
        group = np.cumsum(new) - 1
        other_document = new.copy()
        other_document[1:] |= ranks[1:] != ranks[:-1]
        documents = np.bincount(group, other_document).astype(np.int64) if len(keys) else np.empty(0, np.int64)
        again = ~new & (documents[group] > self.max_documents) & (ranks >= self.num_old)
        firsts = ranks[new][group[again]]
        place = f"scratch/{self.name}/{partition}.npy"
        write_array(folder / place, records(rank=ranks[again], index=index[again], first=firsts))
        return {"files": [place], "rows_in": len(rows)}
