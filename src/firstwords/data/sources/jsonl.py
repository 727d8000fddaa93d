"""JSON Lines: every line is one document; plain, or compressed with gzip, Zstandard, bzip2, LZ4 or xz."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.compressed import DAMAGE, EndlessLine, line_of, opened, suffixes_of
from firstwords.data.document import Rejection
from firstwords.data.rows import Rows, rejected
from firstwords.data.source import Record, Shard, files_below, shards_of
from firstwords.recipe import Size, SourcePath

CHECKED_LINES = 20
SUFFIXES = suffixes_of("jsonl", "ndjson")


@dataclass(frozen=True, kw_only=True)
class Jsonl(Rows):
    """Reads files of one JSON object a line.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        max_line: Longer lines are rejected; the file ends for us at a line of more than 1 GiB.
    """

    path: SourcePath
    max_line: Size = 64 * 2**20

    def shards(self) -> list[Shard]:
        """One shard a file."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def check(self, path: Path, name: str) -> None:
        """The named keys must be in one of the first objects."""
        keys: dict[str, None] = {}
        try:
            with opened(path) as file:
                for _ in range(CHECKED_LINES):
                    row = json.loads(line_of(file, self.max_line)[0].removeprefix(b"\xef\xbb\xbf") or b"0")
                    keys |= dict.fromkeys(row) if isinstance(row, dict) else {}
        except (*DAMAGE, ValueError, RecursionError):
            pass  # told line by line when it is read
        if keys:
            self.require(list(keys), name)

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The lines of one file; a damaged compressed file gives its lines up to the damage."""
        number = 0
        with opened(path) as file:
            while True:
                number += 1
                origin = f"{name}#{number}"
                try:
                    line, size = line_of(file, self.max_line)
                except EndlessLine as error:
                    yield rejected(origin, "too_large", str(error), 0)
                    return
                except DAMAGE as error:
                    yield rejected(origin, "truncated", f"{type(error).__name__}: {error}", 0)
                    return
                if size == 0:
                    return
                if size > self.max_line:
                    yield rejected(origin, "too_large", f"{size} bytes, at most {self.max_line} are read", size)
                elif line.strip(b" \t\r\n\0\xef\xbb\xbf"):
                    yield self._record(line, origin)

    def _record(self, line: bytes, origin: str) -> Record | Rejection:
        try:
            row = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
        except (ValueError, RecursionError) as error:
            return rejected(origin, "malformed", f"{type(error).__name__}: {error}", len(line))
        if not isinstance(row, dict):
            return rejected(origin, "malformed", "the line is no JSON object", len(line))
        return self.record(row, origin, len(line))
