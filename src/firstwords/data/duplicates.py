"""Finding duplicates across a corpus: equal texts, similar texts, repeated paragraphs.

Documents are numbered by *rank*: 0 is the one preferred to all others (source, then length, then id). Of documents that
are the same, the lowest rank stays. A similar document goes only when it is similar to one that stays, so no chain
of small differences takes out a text unlike its survivor, and of a similar pair never both stay.

The functions here are the tasks of the stage `deduplicate`: maps over shards and reductions of partitions
(`firstwords.data.shuffle`), pure functions of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from firstwords.data.features import Features
from firstwords.data.minhash import MinHash, jaccard
from firstwords.data.paragraphs import long_paragraphs
from firstwords.data.shards import read_batches
from firstwords.data.shuffle import read_array, read_partition, records, write_array, write_run

# A bucket of more documents than this is compared with its best and its neighbours only: all pairs of a page that
# stands on a million sites would be 5e11.
BUCKET = 32


def text_digest(text: str) -> bytes:
    """128 bits that texts share when they are equal in lower case with white space collapsed (XXH3)."""
    return xxhash.xxh3_128_digest(" ".join(text.lower().split()).encode("utf-8", "surrogatepass"))


def id_number(name: str) -> int:
    """A document id as a 64-bit number that sorts alike.

    Raises:
        ValueError: If it is not 16 hexadecimal digits, as `firstwords.data.document.document_id` makes them.
    """
    if len(name) != 16:
        raise ValueError(f"document id '{name}' is not 16 hexadecimal digits; make ids with document_id()")
    return int(name, 16)


def id_text(number: int) -> str:
    """The document id of a number that `id_number` gave."""
    return f"{number:016x}"


@dataclass(frozen=True)
class DescribeShard:
    """Reads one shard once and writes what the reductions need: preference, digests, band keys, paragraph hashes."""

    minhash: MinHash | None
    paragraph_words: int
    sources_first: tuple[str, ...]

    def __call__(self, shard: tuple[str, str], folder: Path) -> dict[str, Any]:
        """Write `scratch/describe/<key>/`; see `Work.map`.

        Args:
            shard: Its key, and the Parquet file.
            folder: Of the artifact.
        """
        key, path = shard
        order, exact, bands, paragraphs = [], [], [], []
        first = 0
        for batch in read_batches(path, columns=["id", "text", "source"]):
            texts = batch.column("text").to_pylist()
            rows = np.arange(first, first + len(texts), dtype=np.uint32)
            first += len(texts)
            order.append(self._preference(batch.column("id").to_pylist(), batch.column("source").to_pylist(), texts))
            digests = np.frombuffer(b"".join(map(text_digest, texts)), ">u8").astype(np.uint64).reshape(-1, 2)
            exact.append(records(key=digests[:, 0].copy(), low=digests[:, 1].copy(), row=rows))
            if self.minhash:
                bands.append(_band_records(self.minhash, Features(batch.column("text")), rows))
            if self.paragraph_words:
                paragraphs.append(_paragraph_records(texts, rows, self.paragraph_words))
        place = Path("scratch/describe") / key
        write_array(folder / place / "order.npy", np.concatenate([np.empty(0, ORDER), *order]))
        write_run(folder / place / "exact.npy", np.concatenate([_NO_EXACT, *exact]))
        write_run(folder / place / "bands.npy", np.concatenate([_NO_BANDS, *bands]))
        write_run(folder / place / "paragraphs.npy", np.concatenate([_NO_PARAGRAPHS, *paragraphs]))
        return {
            "files": [str(place / f"{name}.npy") for name in ("order", "exact", "bands", "paragraphs")],
            "rows_in": first,
            "bands": sum(map(len, bands)),
            "paragraphs": sum(map(len, paragraphs)),
        }

    def _preference(self, ids: list[str], sources: list[str | None], texts: list[str]) -> np.ndarray:
        places = {source: index for index, source in enumerate(self.sources_first)}
        return records(
            source=np.array([places.get(source or "", len(places)) for source in sources], np.uint32),
            length=np.array([len(text) for text in texts], np.uint32),
            id=np.array([id_number(each) for each in ids], np.uint64),
        )


ORDER = np.dtype([("source", np.uint32), ("length", np.uint32), ("id", np.uint64)])
REPEATED = np.dtype([("rank", np.uint32), ("index", np.uint32)])
_NO_EXACT = np.empty(0, [("key", np.uint64), ("low", np.uint64), ("row", np.uint32)])
_NO_BANDS = np.empty(0, [("key", np.uint64), ("row", np.uint32)])
_NO_PARAGRAPHS = np.empty(0, [("key", np.uint64), ("row", np.uint32), ("index", np.uint32)])


def _band_records(minhash: MinHash, features: Features, rows: np.ndarray) -> np.ndarray:
    worded = np.flatnonzero(features.words.num_words)
    keys = minhash.band_keys(features.words.select(worded))
    return records(key=keys.reshape(-1), row=np.repeat(rows[worded], minhash.bands))


def _paragraph_records(texts: list[str], rows: np.ndarray, min_words: int) -> np.ndarray:
    found = [
        (name, row, index)
        for row, text in zip(rows.tolist(), texts, strict=True)
        for index, (_, _, name) in enumerate(long_paragraphs(text, min_words))
    ]
    return np.array(found, _NO_PARAGRAPHS.dtype) if found else _NO_PARAGRAPHS


def rank_documents(order: np.ndarray) -> np.ndarray:
    """(N,) uint32 rank of each document: preferred source, longer text, lower id.

    Args:
        order: (N,) records as `DescribeShard` writes them, all shards in order.
    """
    ranks = np.empty(len(order), np.uint32)
    ranks[np.lexsort((order["id"], ~order["length"], order["source"]))] = np.arange(len(order), dtype=np.uint32)
    return ranks


@dataclass(frozen=True)
class Runs:
    """The runs of one kind from all shards, cut into partitions, and the ranks of their documents.

    `ranks` is a file of the (N,) ranks of all shards in order, and `starts` where each shard begins in it.
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
    """Reduces a partition of digests: (loser, winner) ranks of equal texts."""

    runs: Runs

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/equal/<partition>.npy`; see `Work.map`."""
        rows, ranks = self.runs.read(partition)
        order = np.lexsort((ranks, rows["low"], rows["key"]))
        rows, ranks = rows[order], ranks[order]
        first = np.ones(len(rows), bool)
        first[1:] = (rows["key"][1:] != rows["key"][:-1]) | (rows["low"][1:] != rows["low"][:-1])
        winners = ranks[first][np.cumsum(first) - 1] if len(rows) else ranks
        place = f"scratch/equal/{partition}.npy"
        write_array(folder / place, records(loser=ranks[~first], winner=winners[~first]))
        return {"files": [place], "rows_in": len(rows)}


@dataclass(frozen=True)
class FindCandidates:
    """Reduces a partition of band keys: pairs of ranks, lower first, that share a band."""

    runs: Runs
    gone: str

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/candidates/<partition>.npy`; see `Work.map`."""
        rows, ranks = self.runs.read(partition, self.gone)
        order = np.lexsort((ranks, rows["key"]))
        place = f"scratch/candidates/{partition}.npy"
        write_array(folder / place, bucket_pairs(rows["key"][order], ranks[order]))
        return {"files": [place], "rows_in": len(rows)}


def bucket_pairs(keys: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """The pairs to compare inside buckets of equal keys, as `lower << 32 | higher`, sorted, without repeats.

    All pairs of a bucket of up to `BUCKET` documents; in a larger one each document with its `BUCKET` predecessors and
    with the `BUCKET` best of the bucket.

    Args:
        keys: (R,) sorted.
        ranks: (R,) sorted within equal keys.
    """
    starts = np.searchsorted(keys, keys, "left")
    places = np.arange(len(keys))
    found = [np.empty(0, np.uint64)]
    for distance in range(1, BUCKET + 1):
        for partner in (places - distance, starts + distance - 1):
            inside = (partner >= starts) & (partner < places)
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
        ranks, places = np.unique(np.concatenate((left, right)), return_inverse=True)
        documents = read_array(Path(self.documents))[ranks]
        sets: list[np.ndarray] = [np.empty(0, np.uint64)] * len(ranks)
        for shard in np.unique(documents["shard"]):
            offsets = read_array(Path(self.shingles[shard]) / "offsets.npy")
            values = read_array(Path(self.shingles[shard]) / "values.npy")
            for index in np.flatnonzero(documents["shard"] == shard):
                at = documents["position"][index]
                sets[index] = values[offsets[at] : offsets[at + 1]]
        bounds = np.concatenate(([0], np.cumsum([len(each) for each in sets]))).astype(np.int64)
        joined = np.concatenate(sets) if sets else np.empty(0, np.uint64)
        place = f"scratch/similarity/{number}.npy"
        write_array(folder / place, jaccard(places[: len(left)], places[len(left) :], bounds, joined))
        return {"files": [place], "rows_in": len(left)}


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
class FindRepeatedParagraphs:
    """Reduces a partition of paragraph hashes: (rank, index) of every paragraph that is not the first of its kind.

    The first is the one in the document of lowest rank, and there the earliest.
    """

    runs: Runs
    gone: str

    def __call__(self, partition: int, folder: Path) -> dict[str, Any]:
        """Write `scratch/repeated/<partition>.npy`; see `Work.map`."""
        rows, ranks = self.runs.read(partition, self.gone)
        order = np.lexsort((rows["index"], ranks, rows["key"]))
        rows, ranks = rows[order], ranks[order]
        again = np.zeros(len(rows), bool)
        again[1:] = rows["key"][1:] == rows["key"][:-1]
        place = f"scratch/repeated/{partition}.npy"
        write_array(folder / place, records(rank=ranks[again], index=rows["index"][again]))
        return {"files": [place], "rows_in": len(rows)}
