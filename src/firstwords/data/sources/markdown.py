"""Markdown files: every file is one document; the extractor `markdown` reads its front matter."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firstwords.data.document import Rejection, document_id
from firstwords.data.source import LocalSource, Record, Shard, files_below, shards_of
from firstwords.recipe import Size, SourcePath


@dataclass(frozen=True, kw_only=True)
class Markdown(LocalSource):
    """Reads Markdown files.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        suffixes: Which files of a folder are read.
        charset: If it is known; otherwise it is found out.
        language: Said of every document; empty: what its front matter says.
        licence: Said of every document; empty: what its front matter says.
        max_file: Larger files are rejected.
    """

    path: SourcePath
    suffixes: tuple[str, ...] = (".md", ".markdown", ".mdown", ".mdx", ".qmd", ".rmd")
    charset: str | None = None
    language: str | None = None
    licence: str | None = None
    max_file: Size = 16 * 2**20

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
        yield Record(
            origin=name,
            body=path.read_bytes(),
            media_type="text/markdown",
            charset=self.charset,
            language=self.language,
            licence=self.licence,
            metadata={"file": name},
        )
