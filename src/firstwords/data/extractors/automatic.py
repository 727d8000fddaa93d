"""The extractor that fits each record: by its address, its first bytes and its media type."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, rejected
from firstwords.data.extractors.documentation import Documentation
from firstwords.data.extractors.epub import Epub
from firstwords.data.extractors.fallback import Fallback
from firstwords.data.extractors.jats import Jats
from firstwords.data.extractors.man_page import ManPage
from firstwords.data.extractors.markdown import Markdown
from firstwords.data.extractors.pdf import Pdf
from firstwords.data.extractors.plain_text import PlainText
from firstwords.data.extractors.tei import Tei
from firstwords.data.extractors.wikitext import Wikitext
from firstwords.data.source import Record
from firstwords.data.split import PYDOC
from firstwords.recipe import Kind

HTML = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
TEXT = frozenset({"text/plain", "text/x-rst"})
XML = frozenset({"application/xml", "text/xml"})
JATS = frozenset({"application/jats+xml", "application/vnd.jats+xml", "application/nlm+xml"})
TEI = frozenset({"application/tei+xml"})
MAN_PAGE = frozenset({"text/troff", "application/x-troff-man"})
PDF = frozenset({"application/pdf", "application/x-pdf"})
EPUB = frozenset({"application/epub+zip"})
NOBODY_SAYS = frozenset({None, "application/octet-stream", "binary/octet-stream", "application/zip", "unk"})
# The first member of a book is a file without compression that says what it is.
_BOOK = re.compile(rb"PK\x03\x04.{26}mimetypeapplication/epub\+zip", re.DOTALL)
# Journal articles name their kind; DocBook has articles too.
_ARTICLE = re.compile(
    rb"<!DOCTYPE article[^>]{0,300}(?:NLM|JATS)|<(?:\w+:)?article\b[^>]{0,1000}\b(?:article-type|dtd-version)="
)

_BOOK_IN_XML = re.compile(rb"<(?:\w+:)?TEI\b[^>]{0,1000}\bxmlns(?::\w+)?=.http://www\.tei-c\.org/ns/1\.0")


@dataclass(frozen=True, kw_only=True)
class Automatic(Extractor):
    """Documentation pages, HTML, text, books and articles each by their own extractor; other media types are told as
    `unsupported`. Where the first bytes show what a record is, they are believed before its media type.

    Attributes:
        html: For web pages: `fast`, `balanced`, `best`, or `fallback` from one of them to another; by default from
            `balanced` to `fast`.
        documentation: For the pages of the Python documentation server.
        text: For what is text already.
        pdf: For PDF files.
        epub: For EPUB books.
        jats: For journal articles in XML.
        markdown: For Markdown.
        wikitext: For pages of a wiki.
        man_page: For manual pages in roff.
        tei: For books in TEI XML.
    """

    preloads: ClassVar[tuple[str, ...]] = ("firstwords.data.warm_pages", "firstwords.data.warm_blocks")
    html: Annotated[Extractor, Kind("data.extractors")] = Fallback()
    documentation: Annotated[Extractor, Kind("data.extractors")] = Documentation()
    text: Annotated[Extractor, Kind("data.extractors")] = PlainText()
    pdf: Annotated[Extractor, Kind("data.extractors")] = Pdf()
    epub: Annotated[Extractor, Kind("data.extractors")] = Epub()
    jats: Annotated[Extractor, Kind("data.extractors")] = Jats()
    markdown: Annotated[Extractor, Kind("data.extractors")] = Markdown()
    wikitext: Annotated[Extractor, Kind("data.extractors")] = Wikitext()
    man_page: Annotated[Extractor, Kind("data.extractors")] = ManPage()
    tei: Annotated[Extractor, Kind("data.extractors")] = Tei()

    def extract(self, record: Record) -> Document | Rejection:
        """What the fitting extractor gives."""
        chosen = self.choice(record)
        if chosen is None:
            return rejected(record, "unsupported", f"media type {record.media_type}")
        return chosen.extract(record)

    def choice(self, record: Record) -> Extractor | None:
        """The extractor for a record, None if there is none."""
        if record.url is not None and record.url.startswith(PYDOC):
            return self.documentation
        return self._by_bytes(record.body, record.media_type) or self._by_type(record)

    def _by_bytes(self, body: bytes, media_type: str | None) -> Extractor | None:
        """The extractor for a form that shows itself, whatever the media type says."""
        if body.startswith(b"%PDF-"):
            return self.pdf
        if _BOOK.match(body):
            return self.epub
        is_xml = media_type in XML or media_type in JATS or media_type in NOBODY_SAYS
        if is_xml and _ARTICLE.search(body[:4096]):
            return self.jats
        if is_xml and _BOOK_IN_XML.search(body[:4096]):
            return self.tei
        return None

    def _by_type(self, record: Record) -> Extractor | None:
        media_type = record.media_type
        if media_type in HTML:
            return self.html
        if media_type in TEXT:
            return self.text
        if media_type in JATS:
            return self.jats
        if media_type in TEI:
            return self.tei
        if media_type in MAN_PAGE:
            return self.man_page
        if media_type == "text/markdown":
            return self.markdown
        if media_type == "text/x-wiki":
            return self.wikitext
        if media_type in NOBODY_SAYS or media_type in PDF or media_type in EPUB:
            # Nobody says what it is: a page shows itself by its markup. An error page may be sent in place of a file.
            if _shows_markup(record.body):
                return self.html
            return self.pdf if media_type in PDF else self.epub if media_type in EPUB else self.text
        return None


def _shows_markup(body: bytes) -> bool:
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<!--", b"<meta", b"<p", b"<div"))
