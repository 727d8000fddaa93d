"""Reading and writing Parquet shards, always with the same settings.

Equal rows give equal bytes: the codec, its level, the row groups and the page sizes are fixed here, row groups are
cut by the rows alone (never by the batches they came in), and nothing that depends on the time or the machine is
stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq

from firstwords.artifact import atomic_write
from firstwords.data.document import DOCUMENT, Document

ROW_GROUP_ROWS = 1024
ROW_GROUP_BYTES = 32 * 2**20  # of strings and binaries: a row group of books must still fit a worker's memory
ZSTD_LEVEL = 3  # 6 saves 3 % and takes twice as long


class TableWriter:
    """Writes rows as they come; a context manager. The file appears under its name only when the block ends well.

    Args:
        path: The Parquet file.
        schema: Of every batch; columns that a batch lacks are filled with nulls.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self.rows = 0
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._held_bytes = 0
        self._atomic = atomic_write(Path(path))
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> TableWriter:
        temporary = self._atomic.__enter__()
        self._writer = pq.ParquetWriter(
            temporary,
            self.schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            version="2.6",
            data_page_version="1.0",
            data_page_size=2**20,
            use_dictionary=True,
            write_statistics=True,
            store_schema=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        assert self._writer is not None
        try:
            if error is None and self._held:
                self._write_held()
            self._writer.close()
        except BaseException as own:
            self._atomic.__exit__(type(own), own, own.__traceback__)
            raise
        return self._atomic.__exit__(kind, error, trace)

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Append rows in their order."""
        for given in rows.to_batches() if isinstance(rows, pa.Table) else [rows]:
            batch = conform(given, self.schema)
            sizes = _row_bytes(batch)
            start = 0
            for row, size in enumerate(sizes):
                if self._held_rows == ROW_GROUP_ROWS or (self._held_rows and self._held_bytes + size > ROW_GROUP_BYTES):
                    if row > start:
                        self._held.append(batch.slice(start, row - start))
                    self._write_held()
                    start = row
                self._held_rows += 1
                self._held_bytes += size
            if batch.num_rows > start:
                self._held.append(batch.slice(start))

    def _write_held(self) -> None:
        assert self._writer is not None
        # One chunk a column: pages and dictionaries would otherwise follow the batches the rows came in.
        table = pa.Table.from_batches(self._held, self.schema).combine_chunks()
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self.rows += table.num_rows
        self._held, self._held_rows, self._held_bytes = [], 0, 0


def write_table(
    path: Path, rows: pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch], schema: pa.Schema | None = None
) -> int:
    """Write a Parquet file atomically, with the settings of this module.

    Args:
        path: The file.
        rows: A table, a batch, or batches (written as they come, never all in memory).
        schema: Needed when `rows` is an iterable that may be empty; taken from the table otherwise.

    Returns:
        The number of rows.
    """
    batches: Iterable[pa.RecordBatch | pa.Table]
    if isinstance(rows, pa.Table | pa.RecordBatch):
        schema, batches = schema or rows.schema, [rows]
    else:
        batches = rows
    if schema is None:
        raise ValueError("write_table: give the schema when the rows are an iterable of batches")
    with TableWriter(path, schema) as writer:
        for batch in batches:
            writer.write(batch)
    return writer.rows


def read_batches(
    paths: Path | str | Sequence[Path | str], columns: list[str] | None = None, batch_rows: int = ROW_GROUP_ROWS
) -> Iterator[pa.RecordBatch]:
    """The rows of Parquet files, in the order of the paths and of the rows, at most `batch_rows` at a time."""
    for path in [paths] if isinstance(paths, str | Path) else paths:
        with pq.ParquetFile(path) as file:
            # One row group at a time: a batch across groups would undo their limit in bytes.
            for group in range(file.num_row_groups):
                groups = [group]
                yield from file.iter_batches(batch_rows, row_groups=groups, columns=columns, use_threads=False)


def shard_files(folder: Path) -> dict[str, Path]:
    """The Parquet shards below a folder by key (their path inside the folder without `.parquet`), in key order."""
    found = {path.relative_to(folder).with_suffix("").as_posix(): path for path in Path(folder).rglob("*.parquet")}
    return {key: found[key] for key in sorted(found) if not Path(key).name.startswith(".")}


def batch_of(documents: Iterable[Document]) -> pa.RecordBatch:
    """Documents as one batch of the schema `DOCUMENT`; metadata keys are sorted."""
    rows = list(documents)
    columns: list[pa.Array] = []
    for field in DOCUMENT:
        if field.name == "metadata":
            values: list[Any] = [sorted(document.metadata.items()) for document in rows]
        else:
            values = [getattr(document, field.name) for document in rows]
        columns.append(pa.array(values, type=field.type))
    return pa.RecordBatch.from_arrays(columns, schema=DOCUMENT)


def documents_of(batch: pa.RecordBatch) -> Iterator[Document]:
    """The rows of a batch as documents; columns that `DOCUMENT` does not have are left out."""
    names = [name for name in DOCUMENT.names if name in batch.schema.names and name != "metadata"]
    columns = [batch.column(name).to_pylist() for name in names]
    has_metadata = "metadata" in batch.schema.names
    metadata = batch.column("metadata").to_pylist() if has_metadata else [None] * batch.num_rows
    for values, pairs in zip(zip(*columns, strict=True), metadata, strict=True):
        yield Document(**dict(zip(names, values, strict=True)), metadata=dict(pairs or ()))


def rows_of(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Plain dictionaries as one batch; keys that are missing become nulls."""
    return pa.RecordBatch.from_pylist([dict(row) for row in rows], schema=schema)


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the columns of `schema`, in its order; missing ones are null.

    Raises:
        ValueError: If the batch has a column that the schema lacks.
    """
    if batch.schema.equals(schema):
        return batch
    unknown = [name for name in batch.schema.names if name not in schema.names]
    if unknown:
        raise ValueError(f"columns {unknown} are not in the schema {schema.names}")
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def open_dataset(paths: Path | str | Sequence[Path | str]) -> pyarrow.dataset.Dataset:
    """Parquet files, or all those below a folder in key order, as one lazily read dataset.

    Raises:
        ValueError: If there is none.
    """
    if isinstance(paths, str | Path):
        place = Path(paths)
        files = [place] if place.is_file() else list(shard_files(place).values())
    else:
        files = [Path(path) for path in paths]
    if not files:
        raise ValueError(f"no Parquet files in {paths}")
    return pyarrow.dataset.dataset([str(file) for file in files], format="parquet")


def read_documents(path: Path | str) -> pyarrow.dataset.Dataset:
    """The documents of an artifact as a lazily read dataset (`.to_table()`, `.to_batches()`, `.head(5)`).

    Args:
        path: The folder of an artifact that holds `documents/` (extract, clean, deduplicate), a folder of Parquet
        files, or
            one Parquet file.

    Raises:
        ValueError: If there is none.
    """
    place = Path(path)
    if not place.exists():
        raise ValueError(f"read_documents: no such file or folder: {place}")
    return open_dataset(place / "documents" if (place / "documents").is_dir() else place)


def _row_bytes(batch: pa.RecordBatch) -> list[int]:
    """Bytes of the top-level string and binary columns of every row: what makes rows of text large."""
    import pyarrow.compute as pc

    total: Any = pa.array([0] * batch.num_rows, pa.int64())
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_string(column.type):
            total = pc.add(total, pc.fill_null(pc.binary_length(column), 0).cast(pa.int64()))
    return total.to_pylist()
