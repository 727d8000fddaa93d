"""The texts of a split of the corpus, read in bounded pieces and thinned out where they are too many."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from firstwords.data.shards import read_batches, shard_files

# Of what is handed on at once; a row group of documents is larger.
BATCH_BYTES = 16 * 2**20


@dataclass(frozen=True)
class SplitSize:
    """How much text a split has: documents, and bytes in UTF-8."""

    documents: int
    bytes: int


def split_sizes(folder: Path) -> dict[str, SplitSize]:
    """Documents and bytes by split, of all shards below a folder.

    Args:
        folder: Parquet shards with the columns `text` and `split`.
    """
    sizes: dict[str, SplitSize] = {}
    for path in shard_files(folder).values():
        for batch in read_batches(path, ["text", "split"]):
            table = pa.table({"split": batch.column("split"), "bytes": text_bytes(batch)})
            for row in table.group_by("split").aggregate([("bytes", "sum"), ("bytes", "count")]).to_pylist():
                old = sizes.get(row["split"], SplitSize(0, 0))
                sizes[row["split"]] = SplitSize(old.documents + row["bytes_count"], old.bytes + row["bytes_sum"])
    return dict(sorted(sizes.items()))


def text_bytes(batch: pa.RecordBatch) -> pa.Array:
    """Length of every text of a batch in UTF-8 bytes, int64."""
    return pc.binary_length(batch.column("text")).cast(pa.int64())


def split_texts(folder: Path, split: str, share: float = 1.0) -> Iterator[pa.Array]:
    """The texts of a split in the order of the shards, a few megabytes at a time; see `split_batches`."""
    for batch in split_batches(folder, split, share, ["text"]):
        yield batch.column("text")


def split_batches(folder: Path, split: str, share: float, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Documents of a split in the order of the shards, a few megabytes at a time.

    Args:
        folder: Parquet shards with the columns `id`, `text` and `split`.
        split: Which documents.
        share: Of the documents; which ones is decided by their ids alone, so a larger share holds the smaller one.
        columns: With `text` among them; those that a shard lacks are left out.
    """
    for path in shard_files(folder).values():
        there = pq.read_schema(path).names
        read = [name for name in dict.fromkeys([*columns, "id", "split"]) if name in there]
        held: list[pa.RecordBatch] = []
        size = 0
        for batch in read_batches(path, read):
            chosen = batch.filter(pc.equal(batch.column("split"), split))
            if share < 1:
                draws = [_draw(name) < share for name in chosen.column("id").to_pylist()]
                chosen = chosen.filter(pa.array(draws, pa.bool_()))
            if chosen.num_rows:
                held.append(chosen.select([name for name in read if name in columns]))
                size += chosen.nbytes
            if size >= BATCH_BYTES:
                yield from _joined(held)
                held, size = [], 0
        yield from _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    if batches:
        yield from pa.Table.from_batches(batches).combine_chunks().to_batches()


def _draw(document: str) -> float:
    """A number in [0, 1) that depends on the document's id alone."""
    digest = hashlib.blake2b(document.encode("utf-8", "surrogatepass"), key=b"tokenizer", digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
