"""The extractor that fits each record: by its address and media type."""

from dataclasses import dataclass
from typing import Annotated

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, rejected
from firstwords.data.extractors.documentation import Documentation
from firstwords.data.extractors.fast import Fast
from firstwords.data.extractors.plain_text import PlainText
from firstwords.data.source import Record
from firstwords.data.split import PYDOC
from firstwords.recipe import Kind

HTML = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
TEXT = frozenset({"text/plain", "text/markdown", "text/x-rst"})


@dataclass(frozen=True, kw_only=True)
class Automatic(Extractor):
    """Documentation pages, HTML and text each by their own extractor; other media types are told as `unsupported`.

    Attributes:
        html: For web pages: `fast`, `balanced`, `best`, or `fallback` from one of them to another.
        documentation: For the pages of the Python documentation server.
        text: For what is text already.
    """

    html: Annotated[Extractor, Kind("data.extractors")] = Fast()
    documentation: Annotated[Extractor, Kind("data.extractors")] = Documentation()
    text: Annotated[Extractor, Kind("data.extractors")] = PlainText()

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
        if record.media_type in HTML:
            return self.html
        if record.media_type in TEXT:
            return self.text
        if record.media_type in (None, "application/octet-stream", "unk"):
            # Nobody says what it is: a page shows itself by its markup.
            return self.html if _shows_markup(record.body) else self.text
        return None


def _shows_markup(body: bytes) -> bool:
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<!--", b"<meta", b"<p", b"<div"))
