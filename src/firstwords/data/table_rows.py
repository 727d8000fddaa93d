"""The rows of tables: CSV, TSV, JSON Lines, JSON, Parquet, Arrow, or lines that a pattern takes apart.

Each row comes with its place, `file:line` where there are lines, so that whoever finds something wrong with it can say
where. Rows of a table without column names have the columns `0`, `1`, `2` ...
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from firstwords.data.labelled_files import Place, read_place, text_of
from firstwords.errors import RecipeError
from firstwords.find import nearest

KINDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".arrow")
SHOWN = 60


class Row(NamedTuple):
    """A row: its values by column, where it stands, and its name (its number, or its key in a JSON object)."""

    values: dict[str, Any]
    where: str
    name: str


def rows_of(place: Place, *, header: bool = True, pattern: str | None = None, encoding: str = "utf-8") -> Iterator[Row]:
    """The rows of a table.

    Args:
        place: Of the table; its suffix says what it is.
        header: Whether the first line of a CSV or TSV file names its columns.
        pattern: A regular expression with named groups, which are the columns of a line; the file is then plain lines.
        encoding: Of text; JSON and Parquet have one of their own.

    Raises:
        RecipeError: If it is no table, or a row is malformed; the message names file and line.
    """
    if pattern is not None:
        yield from _matched_rows(place, re.compile(pattern), encoding)
    elif place.suffix in (".csv", ".tsv"):
        yield from _separated_rows(place, header, encoding)
    elif place.suffix in (".jsonl", ".ndjson"):
        yield from json_lines(text_of(place), place)
    elif place.suffix == ".json":
        yield from _json_rows(place)
    elif place.suffix in (".parquet", ".arrow"):
        yield from _arrow_rows(place)
    else:
        raise RecipeError(f"{place}: a table is one of {', '.join(KINDS)} (also packed); plain lines need a pattern")


def json_lines(text: str, place: Place) -> Iterator[Row]:
    """The rows of a text of JSON Lines.

    Args:
        text: All of it.
        place: Where it was read.

    Raises:
        RecipeError: If a row is no object or list; the message names file and line.
    """
    number = 0
    for line, content in lines_of(text):
        if not content.strip():
            continue
        where = f"{place}:{line}"
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"{where}: not JSON: {error}") from None
        number += 1
        yield _row_of(values, where, str(number))


def require_columns(row: Row, columns: list[str]) -> None:
    """Refuse a row without these columns.

    Raises:
        RecipeError: Naming the place, the nearest column and those there are.
    """
    for column in columns:
        if row.values.get(column) is None:
            there = list(map(str, row.values))
            if column in row.values:
                raise RecipeError(f"{row.where}: '{column}' is empty")
            raise RecipeError(
                f"{row.where}: no column '{column}'.{nearest(column, there)} There are: {', '.join(there) or 'none'}"
            )


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    r"""Lines and their numbers from 1. They end at \n alone: str.splitlines() also breaks inside words."""
    for number, line in enumerate(text.split("\n"), 1):
        yield number, line.removesuffix("\r")


def _matched_rows(place: Place, pattern: re.Pattern[str], encoding: str) -> Iterator[Row]:
    for number, line in lines_of(text_of(place, encoding)):
        if not line.strip():
            continue
        found = pattern.fullmatch(line)
        if found is None:
            raise RecipeError(f"{place}:{number}: does not fit the pattern {pattern.pattern!r}: {_cut(line)!r}")
        yield Row(found.groupdict(), f"{place}:{number}", str(number))


def _separated_rows(place: Place, header: bool, encoding: str) -> Iterator[Row]:
    csv.field_size_limit(2**31 - 1)
    is_tsv = place.suffix == ".tsv"
    form: dict[str, Any] = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if is_tsv else {"strict": True}
    # A TSV file has no quotes, so its lines are its rows; a lone \r inside one is a character.
    text = text_of(place, encoding)
    source: Any = (f"{line}\n" for _, line in lines_of(text)) if is_tsv else io.StringIO(text, newline="")
    reader = csv.reader(source, **form)
    columns: list[str] | None = None
    number, line = 0, 1
    try:
        for cells in reader:
            begin, line = line, reader.line_num + 1
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                continue
            if columns is None:
                columns = cells if header else [str(position) for position in range(len(cells))]
                if header:
                    continue
            if len(cells) != len(columns):
                raise RecipeError(
                    f"{place}:{begin}: {len(cells)} column{'s' * (len(cells) != 1)}, but the table has {len(columns)} "
                    f"({', '.join(map(_cut, columns))})"
                )
            number += 1
            yield Row(dict(zip(columns, cells, strict=True)), f"{place}:{begin}", str(number))
    except csv.Error as error:
        raise RecipeError(f"{place}:{line}: not a row of CSV: {error}") from None


def json_of(place: Place) -> Any:
    """The content of a JSON file, or what stands under the place's key.

    Raises:
        RecipeError: If it is not JSON, or has no such key.
    """
    text = text_of(place)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise RecipeError(f"{place.file}:{line}: not JSON: {error}") from None
    for key in place.key.split(".") if place.key else []:
        if not isinstance(content, dict) or key not in content:
            known = list(content) if isinstance(content, dict) else []
            raise RecipeError(f"{place}: no key '{key}'.{nearest(key, known)} Keys: {', '.join(known[:10]) or 'none'}")
        content = content[key]
    return content


def _json_rows(place: Place) -> Iterator[Row]:
    content = json_of(place)
    if isinstance(content, list):
        for number, values in enumerate(content, 1):
            yield _row_of(values, f"{place}: record {number}", str(number))
        return
    if not isinstance(content, dict) or not all(isinstance(each, dict | list) for each in content.values()):
        raise RecipeError(f"{place}: holds neither a list of rows nor an object of them")
    if any(isinstance(each, list) for each in content.values()):
        keys = ", ".join(list(content)[:10])
        raise RecipeError(f"{place}: holds several lists: name one, for example '#{next(iter(content))}'. Keys: {keys}")
    for name, values in content.items():
        yield _row_of(values, f"{place}: record '{name}'", name)


def _row_of(values: Any, where: str, name: str) -> Row:
    if isinstance(values, list):
        values = {str(position): value for position, value in enumerate(values)}
    if not isinstance(values, dict):
        raise RecipeError(f"{where}: not an object: {_cut(json.dumps(values))}")
    return Row(values, where, name)


def _arrow_rows(place: Place) -> Iterator[Row]:
    import pyarrow as pa
    from pyarrow import ipc, parquet

    content = pa.BufferReader(read_place(place))
    try:
        if place.suffix == ".parquet":
            batches: Any = parquet.ParquetFile(content).iter_batches(1000)
        else:
            try:
                batches = iter(ipc.open_stream(content))
            except pa.ArrowInvalid:
                content.seek(0)
                batches = iter(ipc.open_file(content).read_all().to_batches())
        number = 0
        for batch in batches:
            for values in batch.to_pylist():
                number += 1
                yield Row(values, f"{place}: row {number}", str(number))
    except (pa.ArrowException, OSError) as error:
        raise RecipeError(f"{place}: not {place.suffix[1:]}: {error}") from None


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
