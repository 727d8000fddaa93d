"""The map side of de-duplication: one shard read once, and written for each kind of duplicate what a reduction needs.

What is written are runs (`firstwords.data.shuffle`): records of a 64-bit key, the row of its document and, for parts of
a text, which part. Documents that may not be compared because they are of different scopes get keys that differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from firstwords.data.characters import tables
from firstwords.data.crawl.url import canonical_url
from firstwords.data.features import Features, utf8
from firstwords.data.minhash import MinHash
from firstwords.data.paragraphs import split_units
from firstwords.data.ranking import ORDER, preferred_first
from firstwords.data.shards import read_batches
from firstwords.data.shuffle import records, write_array, write_run
from firstwords.data.substrings import anchors

_DIGEST = [("key", np.uint64), ("low", np.uint64), ("row", np.uint32)]
_PART = [("key", np.uint64), ("row", np.uint32), ("index", np.uint32)]
_KEY = [("key", np.uint64), ("row", np.uint32)]
RUNS = {
    "urls": np.dtype(_DIGEST),
    "exact": np.dtype(_DIGEST),
    "bands": np.dtype(_KEY),
    "paragraphs": np.dtype(_PART),
    "lines": np.dtype(_PART),
    "anchors": np.dtype(_KEY),
}
"""The kinds of records that a shard is described by."""

OLD_SOURCE = 0
"""Place of the documents of an old corpus among the preferred sources: before all others."""


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Which kinds of duplicates are looked for. A number of words of 0 leaves out the kind of which it is the least."""

    urls: bool = False
    same_scheme: bool = True
    same_www: bool = True
    minhash: MinHash | None = None
    paragraph_words: int = 0
    line_words: int = 0
    substring_words: int = 0


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Between which documents a duplicate counts: all, those of one `source`, or of one value of a metadata key."""

    source: bool = False
    metadata_key: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns of a document that tell its scope."""
        return ["metadata"] if self.metadata_key is not None else ["source"] if self.source else []

    def salts(self, batch: pa.RecordBatch) -> np.ndarray:
        """(rows,) uint64: a number that the documents of one scope share, mixed into their keys."""
        if self.metadata_key is not None:
            values = [dict(pairs or ()).get(self.metadata_key) for pairs in batch.column("metadata").to_pylist()]
        elif self.source:
            values = batch.column("source").to_pylist()
        else:
            return np.zeros(batch.num_rows, np.uint64)
        known = {
            value: xxhash.xxh3_64_intdigest((value or "").encode("utf-8", "surrogatepass")) for value in set(values)
        }
        return np.array([known[value] for value in values], np.uint64)


@dataclass(frozen=True)
class DescribeShard:
    """Reads one shard once and writes what the reductions need.

    `quality` names a column of the scores of a shard, `step.score`; documents without a score come last.
    """

    kinds: Kinds
    scope: Scope
    sources_first: tuple[str, ...]
    quality: str | None = None

    def __call__(self, shard: tuple[str, str, str | None, bool], folder: Path) -> dict[str, Any]:
        """Write `scratch/describe/<key>/`; see `Work.map`.

        Args:
            shard: Its key, the Parquet file, the file of its scores or None, and whether it is of an old corpus.
            folder: Of the artifact.
        """
        key, path, scores, old = shard
        qualities = read_qualities(scores, self.quality) if scores and self.quality else None
        order = [np.empty(0, ORDER)]
        runs = {name: [np.empty(0, kind)] for name, kind in RUNS.items()}
        first = 0
        columns = sorted({"id", "text", "source", *self.scope.columns, *(["url"] if self.kinds.urls else [])})
        for batch in read_batches(path, columns=columns):
            features = Features(batch.column("text"))
            order.append(self._preference(batch, features, first, qualities, old))
            for name, found in self._describe(batch, features, first).items():
                runs[name].append(found)
            first += batch.num_rows
        place = Path("scratch/describe") / key
        preferences = np.concatenate(order)
        write_array(folder / place / "order.npy", preferences[preferred_first(preferences)])
        sizes = {name: sum(map(len, parts)) for name, parts in runs.items()}
        # A kind that nobody looks for, or that a shard has nothing of, has no file.
        for name in (name for name, size in sizes.items() if size):
            write_run(folder / place / f"{name}.npy", np.concatenate(runs[name]))
        written = ["order", *(name for name, size in sizes.items() if size)]
        return {"files": [str(place / f"{name}.npy") for name in written], "rows_in": first, "records": sizes}

    def _describe(self, batch: pa.RecordBatch, features: Features, first: int) -> dict[str, np.ndarray]:
        """Records of every kind that is looked for."""
        kinds, texts = self.kinds, batch.column("text")
        rows = np.arange(first, first + batch.num_rows, dtype=np.uint32)
        salts = self.scope.salts(batch)
        digests = text_digests(texts)
        found = {"exact": records(key=digests[:, 0] ^ salts, low=digests[:, 1].copy(), row=rows)}
        if kinds.urls:
            found["urls"] = self._url_records(batch.column("url"), rows, salts)
        if kinds.minhash:
            worded = np.flatnonzero(features.words.num_words)
            keys = kinds.minhash.band_keys(features.words.select(worded)) ^ salts[worded, None]
            found["bands"] = records(key=keys.reshape(-1), row=np.repeat(rows[worded], kinds.minhash.bands))
        if kinds.paragraph_words:
            found["paragraphs"] = _unit_records(split_units(texts, "paragraphs", kinds.paragraph_words), rows, salts)
        if kinds.line_words:
            found["lines"] = _unit_records(split_units(texts, "lines", kinds.line_words), rows, salts)
        if kinds.substring_words:
            offsets, values = anchors(features.words, kinds.substring_words)
            owners = np.repeat(np.arange(len(rows)), np.diff(offsets))
            found["anchors"] = records(key=values ^ salts[owners], row=rows[owners])
        return found

    def _url_records(self, urls: pa.Array, rows: np.ndarray, salts: np.ndarray) -> np.ndarray:
        """Digests of the addresses; a document without an http(s) address has none."""
        names = [url_name(url, self.kinds.same_scheme, self.kinds.same_www) for url in urls.to_pylist()]
        named = np.array([index for index, name in enumerate(names) if name is not None], np.int64)
        data = b"".join(xxhash.xxh3_128_digest(name.encode()) for name in names if name is not None)
        digests = np.frombuffer(data, ">u8").astype(np.uint64).reshape(-1, 2)
        return records(key=digests[:, 0] ^ salts[named], low=digests[:, 1].copy(), row=rows[named])

    def _preference(
        self,
        batch: pa.RecordBatch,
        features: Features,
        first: int,
        qualities: tuple[np.ndarray, np.ndarray] | None,
        old: bool,
    ) -> np.ndarray:
        places = {source: index for index, source in enumerate(self.sources_first, OLD_SOURCE + 1)}
        last = OLD_SOURCE + 1 + len(places)
        sources = [OLD_SOURCE if old else places.get(each or "", last) for each in batch.column("source").to_pylist()]
        ids = id_numbers(batch.column("id"))
        return records(
            source=np.array(sources, np.uint32),
            quality=np.zeros(len(ids)) if qualities is None else _quality_of(ids, *qualities),
            length=pa.compute.utf8_length(batch.column("text")).to_numpy(zero_copy_only=False).astype(np.uint32),
            words=features.words.num_words.astype(np.uint32),
            id=ids,
            row=np.arange(first, first + batch.num_rows, dtype=np.uint32),
        )


def text_digests(texts: pa.StringArray) -> np.ndarray:
    """(D, 2) uint64: 128 bits that texts share when they are equal in lower case with white space collapsed."""
    from firstwords.data import duplicate_kernels

    data, offsets = utf8(texts)
    digests = np.empty((len(texts), 2), np.uint64)
    duplicate_kernels.fold_digests(data, offsets, *tables(), digests)
    return digests


def url_name(url: str | None, same_scheme: bool, same_www: bool) -> str | None:
    """What addresses of one page share, or None for what is no http(s) address.

    Args:
        url: The address.
        same_scheme: Whether http and https are one.
        same_www: Whether a host with `www.` before it is the one without.
    """
    canonical = canonical_url(url) if url else None
    if canonical is None:
        return None
    scheme, _, rest = canonical.partition("://")
    return ("" if same_scheme else scheme) + "://" + (rest.removeprefix("www.") if same_www else rest)


def id_numbers(ids: pa.StringArray) -> np.ndarray:
    """(D,) uint64: document ids as numbers that sort alike.

    Raises:
        ValueError: If one is not 16 hexadecimal digits, as `firstwords.data.document.document_id` makes them.
    """
    names = ids.to_pylist()
    try:
        packed = bytes.fromhex("".join(names))
    except ValueError:
        packed = b""
    if len(packed) != 8 * len(names) or any(len(name) != 16 for name in names):
        wrong = next(name for name in names if not _is_id(name))
        raise ValueError(f"document id '{wrong}' is not 16 hexadecimal digits; make ids with document_id()")
    return np.frombuffer(packed, ">u8").astype(np.uint64)


def id_text(number: int) -> str:
    """The document id of a number that `id_numbers` gave."""
    return f"{number:016x}"


def _is_id(name: str) -> bool:
    return len(name) == 16 and all(digit in "0123456789abcdefABCDEF" for digit in name)


def _unit_records(units: Any, rows: np.ndarray, salts: np.ndarray) -> np.ndarray:
    sizes = np.diff(units.offsets)
    owners = np.repeat(np.arange(len(rows)), sizes)
    index = np.arange(len(owners)) - units.offsets[:-1][owners]
    return records(key=units.hashes ^ salts[owners], row=rows[owners], index=index.astype(np.uint32))


def read_qualities(path: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Sorted id numbers of the rows of a file of scores, and their values of one score.

    Args:
        path: `scores/<key>.parquet` of a cleaned corpus.
        name: Step and score, `classifier.quality`.
    """
    with pq.ParquetFile(path) as file:
        table = file.read(columns=["id", name], use_threads=False)
    step, _, score = name.partition(".")
    values = pa.compute.struct_field(table.column(step).combine_chunks(), score).cast(pa.float64())
    ids = id_numbers(table.column("id").combine_chunks())
    order = np.argsort(ids, kind="stable")
    return ids[order], values.fill_null(-np.inf).to_numpy(zero_copy_only=False)[order]


def _quality_of(ids: np.ndarray, known: np.ndarray, values: np.ndarray) -> np.ndarray:
    if not len(known):
        return np.full(len(ids), -np.inf)
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(
        known[places] == ids, np.nan_to_num(values[places], nan=-np.inf, posinf=np.inf, neginf=-np.inf), -np.inf
    )
