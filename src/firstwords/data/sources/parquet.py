"""Parquet files: every row is one document; read by row group, and only the columns that are named."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.document import Rejection
from firstwords.data.rows import Rows, rejected
from firstwords.data.source import Record, Shard, files_below, shards_of
from firstwords.errors import RecipeError
from firstwords.recipe import SourcePath

SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True, kw_only=True)
class Parquet(Rows):
    """Reads Parquet files.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
    """

    path: SourcePath

    def shards(self) -> list[Shard]:
        """One shard a file."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def check(self, path: Path, name: str) -> None:
        """The named columns must be there, and the text must be text."""
        check_parquet(self, path, name)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The rows of one file; of a damaged row group the rows up to the damage, then the next row group."""
        yield from read_parquet(self, path, name)


def check_parquet(source: Rows, path: Path, name: str) -> None:
    """Refuse a Parquet file that does not have the columns of a source; a damaged one is told when it is read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from firstwords.data.arrow_rows import check_schema

    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return
    check_schema(source, schema, name)


def read_parquet(source: Rows, path: Path, name: str) -> Iterator[Record | Rejection]:
    """The rows of a Parquet file as records."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from firstwords.data.arrow_rows import BATCH_ROWS, check_schema, records_of

    size = path.stat().st_size
    try:
        # Buffers of whole row groups would make memory grow with the file.
        file = pq.ParquetFile(path, pre_buffer=False)
        check_schema(source, file.schema_arrow, name)
    except (OSError, pa.ArrowException, UnicodeDecodeError, RecipeError) as error:
        yield rejected(name, "malformed", f"{type(error).__name__}: {error}", size)
        return
    with file:
        columns = source.roots(file.schema_arrow.names)
        first = 1
        for group in range(file.num_row_groups):
            number = first
            try:
                for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False):
                    yield from records_of(source, batch, name, number)
                    number += batch.num_rows
            except (OSError, pa.ArrowException, OverflowError) as error:
                detail = f"row group {group}: {type(error).__name__}: {error}"
                yield rejected(f"{name}#{number}", "malformed", detail, 0)
            first += max(0, file.metadata.row_group(group).num_rows)
