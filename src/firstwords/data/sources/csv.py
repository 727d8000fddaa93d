"""Tables as text: CSV and TSV, plain or compressed; every row is one document."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from firstwords.data.compressed import DAMAGE, EndlessLine, line_of, opened, suffixes_of
from firstwords.data.document import Reason, Rejection
from firstwords.data.rows import Rows, rejected
from firstwords.data.source import Record, Shard, files_below, shards_of
from firstwords.errors import RecipeError
from firstwords.recipe import Size, SourcePath

SUFFIXES = suffixes_of("csv", "tsv", "tab")
SNIFFED = ("\t", ";", "|", ",")
SNIFFED_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Csv(Rows):
    """Reads files of rows by RFC 4180: a quoted field may hold delimiters, line ends and doubled quotes.

    A row that does not fit is rejected with its line number. Where a row of several lines does not fit, its first line
    is rejected and reading goes on with the second: a quote that is never closed costs its own line, not what follows.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        delimiter: One character; empty: a tab for `.tsv` and `.tab`, otherwise a comma; `auto`: the one of tab,
            semicolon, bar and comma that gives the first rows an equal number of columns, more than one.
        quote: One character; empty: quotes mean nothing.
        columns: The columns' names; empty: the first line names them.
        charset: Any that extends ASCII; bytes that are not of it are left to the extractor.
        max_row: Longer rows are rejected; the file ends for us at a line of more than 1 GiB.
    """

    path: SourcePath
    delimiter: str = ""
    quote: str = '"'
    columns: tuple[str, ...] = ()
    charset: str = "utf-8"
    max_row: Size = 16 * 2**20

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.delimiter) > 1 and self.delimiter != "auto":
            raise ValueError(f"delimiter: '{self.delimiter}' is neither one character nor 'auto'")
        if len(self.quote) > 1:
            raise ValueError(f"quote: '{self.quote}' is not one character")
        try:
            extends_ascii = bytes(range(10, 128)).decode(self.charset) == bytes(range(10, 128)).decode("ascii")
        except (LookupError, UnicodeError):
            extends_ascii = False
        if not extends_ascii:
            raise ValueError(f"charset: '{self.charset}' is not a charset that extends ASCII")

    def shards(self) -> list[Shard]:
        """One shard a file."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def check(self, path: Path, name: str) -> None:
        """The header must have the named columns; a file whose header is no text is told when it is read."""
        try:
            with opened(path) as file:
                header = list(self.columns) or _Table(self, file, self._delimiter(path), name).header()
        except (*DAMAGE, csv.Error):
            return
        if header and all(each.isprintable() for each in header):
            self.require(header, name)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The rows of one file; a damaged compressed file gives its rows up to the damage."""
        table = None
        try:
            with opened(path) as file:
                table = _Table(self, file, self._delimiter(path), name)
                header = list(self.columns) or table.header()
                if header:
                    self.require(header, name)
                    yield from table.rows(header)
        except DAMAGE as error:
            line = table.line + 1 if table is not None else 1
            reason: Reason = "too_large" if isinstance(error, EndlessLine) else "truncated"
            yield rejected(f"{name}#{line}", reason, f"line {line}: {type(error).__name__}: {error}", 0)
        except (RecipeError, csv.Error) as error:
            yield rejected(f"{name}#1", "malformed", str(error), 0)

    def _delimiter(self, path: Path) -> str:
        if self.delimiter == "auto":
            return self._sniffed(path)
        lower = path.name.lower()
        return self.delimiter or ("\t" if lower.endswith(suffixes_of("tsv", "tab")) else ",")

    def _sniffed(self, path: Path) -> str:
        with opened(path) as file:
            lines = [line_of(file, 2**16)[0].decode(self.charset, "replace") for _ in range(SNIFFED_ROWS)]
        found = ",", 1
        for delimiter in SNIFFED:
            rows = csv.reader(filter(None, lines), delimiter=delimiter, **self._quoting())
            widths = {len(row) for row in rows if row}
            width = widths.pop() if len(widths) == 1 else 1
            if width > found[1]:
                found = delimiter, width
        return found[0]

    def _quoting(self) -> dict[str, Any]:
        return {"quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}


class _Table:
    """The rows of one file, with the lines that each was made of.

    Attributes:
        line: Number of the last line that was taken, from 1.
    """

    def __init__(self, source: Csv, file: BufferedIOBase, delimiter: str, name: str) -> None:
        self._source = source
        self._file = file
        self._name = name
        self._dialect: dict[str, Any] = {"delimiter": delimiter, "strict": True} | source._quoting()
        self._ahead: deque[tuple[str, int]] = deque()  # lines read again after a row that did not fit
        self._taken: list[tuple[str, int]] = []
        self._size = 0  # bytes of the lines taken
        self._first = True
        self._long = False
        self.line = 0
        # The module's own limit is far below what a text may have; it is one for the whole process.
        csv.field_size_limit(max(csv.field_size_limit(), source.max_row))

    def header(self) -> list[str] | None:
        """The names in the first row; None if there is no row."""
        row = next(self._rows(), None)
        if isinstance(row, Rejection):
            raise csv.Error(f"the header cannot be read: {row.detail}")
        return None if row is None else [name.strip() for name in row]

    def rows(self, header: list[str]) -> Iterator[Record | Rejection]:
        """The rows as records."""
        for row in self._rows(len(header)):
            if isinstance(row, Rejection):
                yield row
                continue
            start = self.line - len(self._taken) + 1
            values = {key: self._value(value, key) for key, value in zip(header, row, strict=True)}
            yield self._source.record(values, f"{self._name}#{start}", self._size)

    def _value(self, value: str, key: str) -> str | bytes:
        """The text's bytes as they are in the file (the extractor judges them); other values as characters."""
        if value.isascii():
            return value
        data = value.encode("utf-8", "surrogateescape")
        return data if key in self._source.texts else data.decode("utf-8", "replace")

    def _rows(self, width: int | None = None) -> Iterator[list[str] | Rejection]:
        """Rows, and a rejection for each that does not fit."""
        reader = csv.reader(self._lines(), **self._dialect)
        while True:
            self._taken, self._size, self._long = [], 0, False
            problem = ""
            row: list[str] = []
            try:
                row = next(reader)
            except StopIteration:
                if not self._taken:
                    return
                problem = "the row does not end"
            except csv.Error as error:
                problem = str(error)
            if not problem and not row:
                continue
            if not problem and width is not None and len(row) != width:
                problem = f"{len(row)} fields where the header has {width}"
            if not problem:
                yield row
                continue
            yield self._refused(problem)
            reader = csv.reader(self._lines(), **self._dialect)

    def _refused(self, problem: str) -> Rejection:
        """The rejection of the row's first line; its other lines are read again."""
        first, *others = self._taken
        self._ahead.extendleft(reversed(others))
        self.line -= len(others)
        self._taken = [first]
        origin, size = f"{self._name}#{self.line}", first[1]
        if size > self._source.max_row:
            detail = f"line {self.line}: {size} bytes, at most {self._source.max_row} are read"
            return rejected(origin, "too_large", detail, size)
        if self._long:
            problem = f"a quoted field that begins here does not end within {self._source.max_row} bytes"
        return rejected(origin, "malformed", f"line {self.line}: {problem}", size)

    def _lines(self) -> Iterator[str]:
        """Lines for the reader; ends early where a row gets too long, as if the file ended there."""
        limit = self._source.max_row
        while True:
            if self._size > limit:
                self._long = True
                return
            line, size = self._ahead.popleft() if self._ahead else self._read(limit)
            if size == 0:
                return
            self.line += 1
            self._taken.append((line, size))
            self._size += size
            if size > limit:
                return
            yield line

    def _read(self, limit: int) -> tuple[str, int]:
        data, size = line_of(self._file, limit)
        if self._first:
            self._first = False
            data = data.removeprefix(b"\xef\xbb\xbf")
        return data.decode(self._source.charset, "surrogateescape"), size
