"""The texts of a split of the corpus, read in bounded pieces and thinned out where they are too many."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from firstwords.data.shards import read_batches, shard_files

# Of one list of texts handed on; a row group of documents is larger.
BATCH_BYTES = 4 * 2**20


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


def split_texts(folder: Path, split: str, share: float = 1.0) -> Iterator[list[str]]:
    """The texts of a split in the order of the shards, a few megabytes at a time.

    Args:
        folder: Parquet shards with the columns `id`, `text` and `split`.
        split: Which documents.
        share: Of the documents; which ones is decided by their ids alone, so a larger share holds the smaller one.
    """
    texts: list[str] = []
    size = 0
    for path in shard_files(folder).values():
        for batch in read_batches(path, ["id", "text", "split"]):
            chosen = batch.filter(pc.equal(batch.column("split"), split))
            for name, text in zip(chosen.column("id"), chosen.column("text"), strict=True):
                if share < 1 and _draw(name.as_py()) >= share:
                    continue
                texts.append(text.as_py())
                size += len(texts[-1])
                if size >= BATCH_BYTES:
                    yield texts
                    texts, size = [], 0
    if texts:
        yield texts


def _draw(document: str) -> float:
    """A number in [0, 1) that depends on the document's id alone."""
    digest = hashlib.blake2b(document.encode("utf-8", "surrogatepass"), key=b"tokenizer", digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
