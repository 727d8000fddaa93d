"""The text of PDF files: lines to paragraphs by their places on the page."""

import re
from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.source import Record

MAGIC = b"%PDF-"
MAGIC_BYTES = 1024  # readers of PDF look for the mark so far into a file
_DATE = re.compile(r"(?:D:)?\s*(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
# Titles that name a file, or nothing.
_NO_TITLE = re.compile(r"(?i)microsoft \w+ - .*|untitled.*|.*\.(?:docx?|rtf|odt|tex|dvi|ps|pdf|indd|qxd|pptx?)")


@dataclass(frozen=True, kw_only=True)
class Pdf(Extractor):
    """Some 400 pages a second on one core. Columns are read in the file's order; running titles, page numbers and
    hyphens at line ends go; paragraphs are parted by a blank line.

    Rejected: files that need a password (`unsupported`), scans without a layer of text (`empty`: they need OCR), and
    files that do not say what their characters mean (`undecodable`).

    Attributes:
        max_pages: Longer files are rejected.
        max_characters: Files with more text are rejected.
        max_unknown: Highest share of characters without a meaning; formulas have a few.
        min_characters: Shorter texts count as empty.
    """

    libraries: ClassVar[tuple[str, ...]] = ("pypdfium2",)
    max_pages: int = 3000
    max_characters: int = 20_000_000
    max_unknown: float = 0.1
    min_characters: int = 1

    def extract(self, record: Record) -> Document | Rejection:
        """The text, with title, date, author and keywords from the file's own information."""
        from firstwords.data.pdf.layout import text_of
        from firstwords.data.pdf.pages import BadPdf, read_pdf

        if MAGIC not in record.body[:MAGIC_BYTES]:
            return rejected(record, "malformed", "no PDF file: its mark is missing")
        try:
            found = read_pdf(record.body, self.max_pages, self.max_characters)
        except BadPdf as error:
            return rejected(record, error.reason, error.detail)
        if found.unknown > self.max_unknown:
            return rejected(record, "undecodable", f"{found.unknown:.0%} of the characters have no meaning in the file")
        text = text_of(found.pages)
        if len(text) < max(1, self.min_characters):
            pages = len(found.pages) + found.failed
            if found.failed == pages:
                return rejected(record, "malformed", f"none of {pages} pages can be read")
            return rejected(record, "empty", f"no text layer on {found.pictures} of {pages} pages: needs OCR")
        information = found.information
        metadata = {"pages": str(len(found.pages) + found.failed)}
        metadata |= {
            name: information[key]
            for name, key in (("author", "Author"), ("keywords", "Keywords"), ("subject", "Subject"))
            if information.get(key)
        }
        metadata |= {"unreadable_pages": str(found.failed)} if found.failed else {}
        metadata |= {"pages_without_text": str(found.pictures)} if found.pictures else {}
        metadata |= {"copying": "not allowed"} if not found.copying else {}
        metadata |= {"pdf_language": found.language} if found.language else {}
        title = information.get("Title", "")
        date = _DATE.match(information.get("CreationDate", ""))
        return document(
            record,
            text,
            self,
            title=title if title and not _NO_TITLE.fullmatch(title) else None,
            date="-".join(date.groups()) if date else None,
            metadata=metadata,
        )
