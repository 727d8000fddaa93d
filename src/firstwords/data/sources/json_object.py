"""JSON files that are one object or list: every value of it is a document (SQuAD-like files, PubMedQA)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.data.compressed import DAMAGE, opened, suffixes_of
from firstwords.data.document import Rejection
from firstwords.data.rows import Rows, rejected
from firstwords.data.source import Record, Shard, files_below, shards_of
from firstwords.recipe import Size, SourcePath

SUFFIXES = suffixes_of("json")


@dataclass(frozen=True, kw_only=True)
class JsonObject(Rows):
    """Reads whole files; the key of a value in an object is its id. A text that is a list of texts has a line for each.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        max_file: Larger files (uncompressed) are rejected: one is held in memory.
    """

    path: SourcePath
    max_file: Size = 256 * 2**20

    def shards(self) -> list[Shard]:
        """One shard a file."""
        return shards_of(files_below(self.path, SUFFIXES), max_files=1)

    def check(self, path: Path, name: str) -> None:
        """The named keys must be in the first value."""
        for _, row, _ in self._rows(path) or []:
            if row:
                self.require(list(row), name)
            return

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The values of one file."""
        rows = self._rows(path)
        if rows is None:
            yield rejected(name, "malformed", "no JSON object or list, or too large", path.stat().st_size)
            return
        for key, row, size in rows:
            if not isinstance(row, Mapping):
                yield rejected(f"{name}#{key}", "malformed", "the value is no JSON object", size)
                continue
            joined = {
                each: "\n".join(map(str, value)) if each in self.texts and isinstance(value, list) else value
                for each, value in row.items()
            }
            yield self.record(joined, f"{name}#{key}", size)

    def _rows(self, path: Path) -> list[tuple[str, Any, int]] | None:
        """Key, value and size of every value; None if there are none to be had."""
        try:
            with opened(path) as file:
                content = file.read(self.max_file + 1)
            values = None if len(content) > self.max_file else json.loads(content)
        except (*DAMAGE, ValueError, RecursionError):
            return None
        if isinstance(values, dict):
            return [(key, value, len(str(value))) for key, value in values.items()]
        return (
            [(str(n), value, len(str(value))) for n, value in enumerate(values)] if isinstance(values, list) else None
        )
