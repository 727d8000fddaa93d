"""Arrow tables as records, batch by batch: what Parquet files and saved Hugging Face datasets have in common."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firstwords.data.document import Rejection
from firstwords.data.rows import Rows
from firstwords.data.source import Record
from firstwords.errors import RecipeError

BATCH_ROWS = 256


def check_schema(source: Rows, schema: Any, name: str) -> None:
    """Refuse a file whose columns are not the named ones, or whose text is none.

    Raises:
        RecipeError: Telling the columns there are, or the text column's type.
    """
    import pyarrow as pa
    from pyarrow import types

    source.require(schema.names, name)
    for column in source.texts:
        if column not in schema.names:
            continue  # a path into a structure
        if schema.names.count(column) > 1:
            raise RecipeError(f"text: {name} has several columns '{column}'")
        kind = schema.field(column).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        textual = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
        if not any(test(kind) for test in (*textual, types.is_string_view, types.is_binary_view)):
            good = [each.name for each in schema if str(each.type) in ("string", "large_string")]
            told = f" Columns of text: {', '.join(good)}" if good else ""
            raise RecipeError(f"text: the column '{column}' of {name} holds {kind}, not text.{told}")


def records_of(source: Rows, batch: Any, name: str, first: int) -> Iterator[Record | Rejection]:
    """The rows of a batch.

    Args:
        source: Whose columns are read.
        batch: A `pyarrow.RecordBatch`.
        name: The file's name, for origins.
        first: Number of the batch's first row in the file, from 1.
    """
    columns = {column: _values(batch.column(column), column in source.texts) for column in batch.schema.names}
    size = batch.nbytes // max(1, batch.num_rows)
    for i in range(batch.num_rows):
        row = {column: values[i] for column, values in columns.items()}
        yield source.record(row, f"{name}#{first + i}", size)


def _values(column: Any, as_bytes: bool) -> list[Any]:
    """A column's values; texts as bytes, since a file may hold bytes that are no UTF-8 in a column of text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    textual = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    if textual:
        values = column.cast(pa.large_binary()).to_pylist()
        return values if as_bytes else [None if each is None else each.decode("utf-8", "replace") for each in values]
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    values = column.to_pylist()
    if as_bytes or not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        return values
    return [None if each is None else each.decode("utf-8", "replace") for each in values]


@contextmanager
def opened_arrow(path: Path) -> Iterator[Any]:
    """The batches of an Arrow stream or file, read as they are asked for, and their `schema`; None if it is neither."""
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_stream(file)
        except (OSError, pa.ArrowException):
            reader = None
        if reader is not None:
            yield reader
            return
        file.seek(0)
        try:
            whole = pa.ipc.open_file(file)
        except (OSError, pa.ArrowException):
            yield None
            return
        yield _Batches(whole)


class _Batches:
    """The batches of an Arrow file, one after another."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.schema = file.schema

    def __iter__(self) -> Iterator[Any]:
        return (self._file.get_batch(i) for i in range(self._file.num_record_batches))


def pieces(batch: Any) -> Iterator[Any]:
    """A batch in parts of `BATCH_ROWS` rows, so that few rows are Python values at a time."""
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)
