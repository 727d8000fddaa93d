"""Pages of a wiki: MediaWiki's markup as readable text."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Wikitext(Extractor):
    """Templates, tables, references, files and categories left out; text of links, headings and list items kept.

    Attributes:
        keep_formulas: Keep the TeX source of formulas.
    """

    isolated: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse",)
    keep_formulas: bool = False

    def extract(self, record: Record) -> Document | Rejection:
        """The page's text, paragraphs separated by a blank line."""
        from firstwords.data.wikitext import plain_text

        decoded = decoded_or_rejected(record, is_html=False)
        if isinstance(decoded, Rejection):
            return decoded
        text = plain_text(decoded.text, keep_formulas=self.keep_formulas)
        if not text.strip():
            return rejected(record, "empty", "no readable text")
        return document(record, text, self, decoded)
