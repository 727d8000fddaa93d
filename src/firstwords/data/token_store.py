"""Tokenized documents on disk: one flat file of ids a split, and an index of where each document lies.

A folder holds, for every split, `<split>.tokens` (raw little-endian uint16 or uint32) and `<split>.index.parquet`,
and one `index.json`. Documents follow each other in the order of the shards they came from; every document is
followed by end-of-text, which belongs to it. Equal documents give equal bytes, whatever the number of workers.

Readers map the ids into memory, so a store may be larger than the machine's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from firstwords.artifact import atomic_write, write_json
from firstwords.data.shards import TableWriter, read_batches
from firstwords.errors import IntegrityError, RecipeError

INDEX = "index.json"


@cache
def index_schema() -> pa.Schema:
    """Columns of `<split>.index.parquet`, one row a document.

    `start`: place of its first token. `num_tokens`: with the end-of-text that closes it, so that a document is
    `tokens[start:start + num_tokens]` and starts add up. `num_bytes`: of its text in UTF-8.
    """
    text, number = pa.string(), pa.int64()
    numbers = [pa.field(name, number, nullable=False) for name in ("start", "num_tokens", "num_bytes")]
    return pa.schema([pa.field("document", text, nullable=False), *numbers, pa.field("url", text)])


def token_type(vocab_size: int) -> np.dtype[Any]:
    """The smallest unsigned type that numbers a vocabulary: little-endian uint16 up to 65,536 entries, else uint32."""
    return np.dtype("<u2") if vocab_size <= 2**16 else np.dtype("<u4")


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """One document to be stored; `ids` without the closing end-of-text."""

    document: str
    url: str | None
    ids: Sequence[int]
    num_bytes: int


class StoreWriter:
    """Writes one split (or one shard's part of it); a context manager, files appear only when the block ends well.

    Args:
        folder: Where.
        split: Its name.
        vocab_size: Decides the type of the ids.
        end_of_text: Id that closes every document.
    """

    def __init__(self, folder: Path, split: str, *, vocab_size: int, end_of_text: int) -> None:
        self._type = token_type(vocab_size)
        self._end = np.array([end_of_text], self._type)
        self._tokens = atomic_write(Path(folder) / f"{split}.tokens")
        self._index = TableWriter(Path(folder) / f"{split}.index.parquet", index_schema())
        self.counts = {"documents": 0, "tokens": 0, "bytes": 0}

    def __enter__(self) -> StoreWriter:
        self._file = self._tokens.__enter__().open("wb")
        self._index.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.close()
        # The index last: where it is, the tokens are.
        self._tokens.__exit__(*error)
        self._index.__exit__(*error)

    def write(self, documents: Iterable[Encoded]) -> None:
        """Append documents in their order."""
        rows = []
        for document in documents:
            ids = np.asarray(document.ids, dtype=self._type)
            self._file.write(ids.tobytes())
            self._file.write(self._end.tobytes())
            rows.append((document.document, len(ids) + 1, document.num_bytes, document.url))
        if rows:
            names, num_tokens, num_bytes, urls = zip(*rows, strict=True)
            self._append(list(names), np.array(num_tokens), np.array(num_bytes), list(urls))

    def write_flat(
        self,
        names: Sequence[str],
        urls: Sequence[str | None],
        ids: np.ndarray,
        bounds: np.ndarray,
        num_bytes: np.ndarray,
    ) -> None:
        """Append documents whose ids lie in one array.

        Args:
            names, urls: Of the documents.
            ids: (T,) ids of all of them, one after another, without end-of-text.
            bounds: (D + 1,) int64: document d is `ids[bounds[d]:bounds[d + 1]]`.
            num_bytes: (D,) of their texts.
        """
        if len(names):
            closed = np.insert(ids.astype(self._type), bounds[1:], self._end[0])
            self._file.write(closed.tobytes())
            self._append(names, np.diff(bounds) + 1, num_bytes, urls)

    def copy(self, folder: Path, split: str) -> None:
        """Append what another writer wrote, without decoding it."""
        with (Path(folder) / f"{split}.tokens").open("rb") as part:
            shutil.copyfileobj(part, self._file, 2**22)
        for batch in read_batches(Path(folder) / f"{split}.index.parquet"):
            columns = {name: batch.column(name) for name in batch.schema.names}
            self._append(
                columns["document"], columns["num_tokens"].to_numpy(), columns["num_bytes"].to_numpy(), columns["url"]
            )

    def _append(self, names: Any, num_tokens: np.ndarray, num_bytes: np.ndarray, urls: Any) -> None:
        ends = self.counts["tokens"] + np.cumsum(num_tokens, dtype=np.int64)
        columns = [names, ends - num_tokens, num_tokens.astype(np.int64), num_bytes.astype(np.int64), urls]
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, index_schema(), strict=True)]
        self._index.write(pa.RecordBatch.from_arrays(arrays, schema=index_schema()))
        self.counts["documents"] += len(num_tokens)
        self.counts["tokens"] = int(ends[-1]) if len(ends) else self.counts["tokens"]
        self.counts["bytes"] += int(num_bytes.sum())


def write_store_index(folder: Path, *, vocab_size: int, end_of_text: int, splits: dict[str, dict[str, int]]) -> None:
    """Write `index.json`, which makes a folder a token store.

    Args:
        folder: The store.
        vocab_size: Of the tokenizer.
        end_of_text: Id that closes every document.
        splits: Name to the `counts` of its writer.
    """
    header = {"type": token_type(vocab_size).name, "vocab_size": vocab_size, "end_of_text": end_of_text}
    write_json(Path(folder) / INDEX, header | {"splits": splits})


class TokenStore:
    """One split of a token store.

    Attributes:
        tokens: (N,) ids of all documents, mapped from the file; read-only.
        starts: (D + 1,) int64; document d is `tokens[starts[d]:starts[d + 1]]`, its end-of-text included.
        num_bytes: (D,) int64, bytes of each document's text.
        vocab_size: Of the tokenizer.
        end_of_text: Id that closes every document.
    """

    def __init__(self, folder: Path | str, split: str) -> None:
        """Open a split.

        Raises:
            RecipeError: If the folder is no token store, or has no such split.
            IntegrityError: If files and index disagree.
        """
        self.folder, self.split = Path(folder), split
        header = read_store_index(self.folder)
        if split not in header["splits"]:
            raise RecipeError(f"{folder} has no split '{split}'. There: {', '.join(header['splits'])}")
        counts = header["splits"][split]
        self.vocab_size: int = header["vocab_size"]
        self.end_of_text: int = header["end_of_text"]
        path = self.folder / f"{split}.tokens"
        size = path.stat().st_size if path.is_file() else -1
        dtype = np.dtype(header["type"]).newbyteorder("<")
        if size != counts["tokens"] * dtype.itemsize:
            raise IntegrityError(f"{path} has {size:,} bytes; index.json says {counts['tokens']:,} tokens of {dtype}")
        # An empty file cannot be mapped.
        self.tokens: np.ndarray = np.memmap(path, dtype, mode="r") if size else np.zeros(0, dtype)
        columns = pq.read_table(self._index_path, columns=["num_tokens", "num_bytes"], use_threads=False)
        self.starts = np.concatenate([[0], np.cumsum(columns["num_tokens"].to_numpy())]).astype(np.int64)
        self.num_bytes: np.ndarray = columns["num_bytes"].to_numpy()
        if self.starts[-1] != len(self.tokens) or len(self) != counts["documents"]:
            raise IntegrityError(f"{self._index_path} does not add up to the {len(self.tokens):,} tokens of {path}")

    @property
    def _index_path(self) -> Path:
        return self.folder / f"{self.split}.index.parquet"

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.starts) - 1

    def document(self, number: int) -> np.ndarray:
        """The ids of a document, end-of-text included; a view of the file."""
        return self.tokens[self.starts[number] : self.starts[number + 1]]

    @cached_property
    def documents(self) -> list[str]:
        """The id of each document, as in the stage that made it."""
        return pq.read_table(self._index_path, columns=["document"], use_threads=False)["document"].to_pylist()

    @cached_property
    def urls(self) -> list[str | None]:
        """The address of each document."""
        return pq.read_table(self._index_path, columns=["url"], use_threads=False)["url"].to_pylist()


def read_store_index(folder: Path | str) -> dict[str, Any]:
    """What `index.json` says: `type`, `vocab_size`, `end_of_text` and, by split, `documents`, `tokens` and `bytes`.

    Raises:
        RecipeError: If the folder is no token store.
    """
    path = Path(folder) / INDEX
    if not path.is_file():
        raise RecipeError(f"{folder} is not a token store: it has no {INDEX}")
    return json.loads(path.read_text(encoding="utf-8"))
