"""Sources of files that are one document each: what text, books and articles have in common."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.document import Rejection, document_id
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.recipe import Size, SourcePath


@dataclass(frozen=True, kw_only=True)
class WholeFiles(LocalSource):
    """Base of sources that make one record of each file.

    Attributes:
        path: A file, a folder or a pattern.
        suffixes: Which files of a folder are read.
        language: Said of every document, for example `en`.
        licence: Said of every document.
        max_file: Larger files are rejected.
    """

    path: SourcePath
    suffixes: tuple[str, ...]
    language: str | None = None
    licence: str | None = None
    max_file: Size

    @abstractmethod
    def record(self, name: str, body: bytes) -> Record:
        """The record of a file.

        Args:
            name: In the recipe's words; `whole_record` makes it the origin.
            body: The file's bytes.
        """

    def whole_record(self, name: str, body: bytes, media_type: str) -> Record:
        """The record as all such sources give it."""
        return Record(
            origin=name,
            body=body,
            media_type=media_type,
            language=self.language,
            licence=self.licence,
            metadata={"file": name},
        )

    def shards(self) -> list[Shard]:
        """Neighbouring files together."""
        return shards_of(files_below(self.path, tuple(suffix.lower() for suffix in self.suffixes)))

    def read(self, path: Path, name: str) -> Iterator[Record | Rejection]:
        """The file as one record."""
        size = path.stat().st_size
        if size > self.max_file:
            detail = f"{size} bytes, at most {self.max_file} are read"
            yield Rejection(id=document_id(name), url=None, reason="too_large", detail=detail, size=size)
            return
        yield self.record(name, path.read_bytes())
