"""Journal articles in JATS XML, as PubMed Central gives them: every file is one document."""

from dataclasses import dataclass

from firstwords.data.source import Record
from firstwords.data.whole_files import WholeFiles
from firstwords.recipe import Size, SourcePath


@dataclass(frozen=True, kw_only=True)
class Jats(WholeFiles):
    """Reads articles in JATS (NLM) XML.

    Attributes:
        path: A file, a folder or a pattern.
        suffixes: Which files of a folder are read.
        language: Said of every document, for example `en`; otherwise it is what the file says.
        licence: Said of every document; otherwise it is what the file says.
        max_file: Larger files are rejected.
    """

    path: SourcePath
    suffixes: tuple[str, ...] = (".nxml", ".jats", ".xml")
    max_file: Size = 64 * 2**20

    def record(self, name: str, body: bytes) -> Record:
        """The file; its extractor is chosen by the media type."""
        return self.whole_record(name, body, "application/jats+xml")
