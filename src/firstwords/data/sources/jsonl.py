"""JSON Lines: every line is one document; plain, or compressed with gzip, Zstandard, bzip2 or LZ4."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from firstwords.data.document import Rejection, document_id
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, Size

SUFFIXES = tuple(f".{name}{end}" for name in ("jsonl", "ndjson") for end in ("", ".gz", ".zst", ".bz2", ".lz4", ".xz"))


@dataclass(frozen=True, kw_only=True)
class Jsonl(LocalSource):
    """Reads files of one JSON object a line.

    Attributes:
        path: A file, a folder or a pattern.
        text, id, url, title, date, language, licence: The keys that hold these; dots lead into objects (`meta.url`). An
            empty name is not read.
        metadata: Further keys that are kept.
        max_line: Longer lines are rejected.
    """

    path: InputPath
    text: str = "text"
    id: str = ""
    url: str = "url"
    title: str = "title"
    date: str = "date"
    language: str = "language"
    licence: str = "license"
    metadata: tuple[str, ...] = ()
    max_line: Size = 64 * 2**20

    def __post_init__(self) -> None:
        if not self.text:
            raise ValueError("text: name the key that holds the text")

    def shards(self) -> list[Shard]:
        """One shard a file."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The lines of one file; a damaged compressed file gives its lines up to the damage."""
        number = 0
        with _opened(path) as file:
            while True:
                number += 1
                origin = f"{name}#{number}"
                try:
                    line, size = _line(file, self.max_line)
                except (OSError, EOFError) as error:
                    yield _rejected(origin, "truncated", f"{type(error).__name__}: {error}", 0)
                    return
                if size == 0:
                    return
                if size > self.max_line:
                    yield _rejected(origin, "too_large", f"{size} bytes, at most {self.max_line} are read", size)
                elif line.strip(b" \t\r\n\0\xef\xbb\xbf"):
                    yield self._record(line, origin)

    def _record(self, line: bytes, origin: str) -> Record | Rejection:
        try:
            row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except (ValueError, RecursionError) as error:
            return _rejected(origin, "malformed", f"{type(error).__name__}: {error}", len(line))
        text = _value(row, self.text) if isinstance(row, dict) else None
        if not isinstance(text, str):
            return _rejected(origin, "malformed", f"no text under the key '{self.text}'", len(line))
        own = _string(row, self.id)
        return Record(
            origin=f"{origin.rpartition('#')[0]}#{own}" if own else origin,
            # JSON may hold halves of surrogate pairs, which are no characters.
            body=text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode(),
            media_type="text/plain",
            charset="utf-8",
            url=_string(row, self.url),
            title=_string(row, self.title),
            date=_string(row, self.date),
            language=_string(row, self.language),
            licence=_string(row, self.licence),
            metadata={key: value for key in self.metadata if (value := _string(row, key)) is not None},
        )


def _rejected(origin: str, reason: Any, detail: str, size: int) -> Rejection:
    return Rejection(id=document_id(origin), url=None, reason=reason, detail=detail[:500], size=size)


def _value(row: dict[str, Any], key: str) -> Any:
    value: Any = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _string(row: dict[str, Any], key: str) -> str | None:
    value = _value(row, key) if key else None
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _line(file: BinaryIO, limit: int) -> tuple[bytes, int]:
    """The next line and its length; of a line above the limit the length only."""
    line = file.readline(limit + 1)
    if len(line) <= limit or line.endswith(b"\n"):
        return line, len(line)
    size = len(line)
    while True:
        rest = file.readline(2**20)
        size += len(rest)
        if not rest or rest.endswith(b"\n"):
            return b"", size


def _opened(path: Path) -> BinaryIO:
    name = path.name.lower()
    if name.endswith(".gz"):
        import gzip

        return gzip.open(path, "rb")  # type: ignore[return-value]
    if name.endswith(".bz2"):
        import bz2

        return bz2.open(path, "rb")  # type: ignore[return-value]
    if name.endswith(".xz"):
        import lzma

        return lzma.open(path, "rb")  # type: ignore[return-value]
    if name.endswith((".zst", ".lz4")):
        import io

        import pyarrow as pa

        try:
            stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd" if name.endswith(".zst") else "lz4")
        except pa.ArrowInvalid as error:
            raise RecipeError(f"{path}: {error}") from None
        return io.BufferedReader(_Readable(stream), 2**20)  # type: ignore[type-var]
    return path.open("rb")


class _Readable:
    """An Arrow stream with what `io.BufferedReader` asks of a raw stream."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.closed = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def writable(self) -> bool:
        return False

    def readinto(self, buffer: memoryview) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self._stream.close()
        self.closed = True
