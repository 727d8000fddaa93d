"""Text files: every file is one document."""

from dataclasses import dataclass, replace
from pathlib import Path

from firstwords.data.source import Record
from firstwords.data.whole_files import WholeFiles
from firstwords.recipe import Size, SourcePath


@dataclass(frozen=True, kw_only=True)
class TextFiles(WholeFiles):
    """Reads text files.

    Attributes:
        path: A file, a folder, a pattern, or an address of one.
        suffixes: Which files of a folder are read.
        charset: If it is known; otherwise it is found out.
        language: Said of every document, for example `en`.
        licence: Said of every document.
        max_file: Larger files are rejected.
    """

    path: SourcePath
    suffixes: tuple[str, ...] = (".txt", ".text", ".md", ".rst")
    charset: str | None = None
    max_file: Size = 64 * 2**20

    def record(self, name: str, body: bytes) -> Record:
        """The text, titled by the file's name."""
        return replace(self.whole_record(name, body, "text/plain"), charset=self.charset, title=Path(name).stem)
