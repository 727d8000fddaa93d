"""Markdown files: every file is one document; the extractor `markdown` reads its front matter."""

from dataclasses import dataclass, replace

from firstwords.data.source import Record
from firstwords.data.whole_files import WholeFiles
from firstwords.recipe import Size, SourcePath


@dataclass(frozen=True, kw_only=True)
class Markdown(WholeFiles):
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
    max_file: Size = 16 * 2**20

    def record(self, name: str, body: bytes) -> Record:
        """The text with its markup."""
        return replace(self.whole_record(name, body, "text/markdown"), charset=self.charset)
