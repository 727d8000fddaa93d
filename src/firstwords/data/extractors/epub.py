"""The text of EPUB books, chapter after chapter."""

import itertools
import json
import re
from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.extractors.fast import Fast
from firstwords.data.source import Record
from firstwords.recipe import Size

MAX_LEFT_OUT = 20_000  # characters: what is longer holds more than a title page
# Elements that HTML knows without content; all others must not be closed by "/>" there, as XHTML allows.
_VOID = "area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr"
_CLOSED = re.compile(rf"<(?!(?:{_VOID})[\s/])([a-zA-Z][\w:.-]*)((?:\s[^<>]*)?)/>")
_NOTE_MARK = re.compile(r"<a\b[^<>]*epub:type=[\"'][^\"'<>]*(?:noteref|backlink)[^<>]*>[^<]*</a>")
_KIND = re.compile(r"<(?:body|section)\b[^<>]*epub:type=[\"']([^\"'<>]*)")


@dataclass(frozen=True, kw_only=True)
class Epub(Extractor):
    """Some 20 books a second on one core. The reading order is the book's; title, authors, language, date and rights
    are its metadata. A chapter that is missing is told in `missing_chapters`.

    Attributes:
        leave_out: Chapters that call themselves so (`epub:type`) say the same in many books and are not read.
        note_marks: Keep the marks of notes in the text, and the arrows back to them.
        max_members, max_member, max_total, max_ratio: What the archive may ask for; the ratio counts above 1 MiB.
        min_characters: Shorter texts count as empty.
    """

    version: ClassVar[int] = 2
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse", "lxml")
    leave_out: tuple[str, ...] = (
        "cover", "titlepage", "halftitlepage", "imprint", "colophon", "copyright-page", "toc", "landmarks", "page-list",
        "loi", "lot",
    )  # fmt: skip
    note_marks: bool = False
    max_members: int = 10_000
    max_member: Size = 64 * 2**20
    max_total: Size = 512 * 2**20
    max_ratio: float = 200.0
    min_characters: int = 1

    def extract(self, record: Record) -> Document | Rejection:
        """The book's text, chapters and blocks separated by a blank line."""
        from firstwords.data.bounded_archive import BadArchive, BoundedArchive, Limits
        from firstwords.data.epub_book import read_book

        limits = Limits(members=self.max_members, member=self.max_member, total=self.max_total, ratio=self.max_ratio)
        parts: list[str] = []
        try:
            archive = BoundedArchive(record.body, limits)
            book = read_book(archive)
            for name in book.chapters:
                try:
                    body = archive.read(name)
                except BadArchive as error:
                    # A bomb ends it all; one damaged chapter does not.
                    if error.reason != "malformed":
                        raise
                    book.missing.append(name)
                    continue
                parts.append(self._chapter(body))
        except BadArchive as error:
            return rejected(record, error.reason, error.detail)
        text = "\n\n".join(part for part in parts if part)
        if len(text) < max(1, self.min_characters):
            missing = len(book.missing)
            detail = f"no readable text in {len(book.chapters)} chapters, {missing} missing"
            return rejected(record, "malformed" if missing else "empty", detail)
        metadata = {"chapters": str(len(parts))}
        metadata |= {"author": "; ".join(book.creators)} if book.creators else {}
        metadata |= {"subjects": json.dumps(book.subjects, ensure_ascii=False)} if book.subjects else {}
        metadata |= {"publisher": book.publisher} if book.publisher else {}
        metadata |= {"identifier": book.identifier} if book.identifier else {}
        if book.missing:
            metadata["missing_chapters"] = json.dumps(book.missing[:100], ensure_ascii=False)
        return document(
            record,
            text,
            self,
            title=book.title,
            date=book.date,
            language=book.language,
            licence=book.licence,
            metadata=metadata,
        )

    def _chapter(self, body: bytes) -> str:
        """The text of one content document, empty if it is left out or none."""
        from firstwords.data.charset import decode, looks_binary

        decoded = None if looks_binary(body) else decode(body)
        if decoded is None:
            return ""
        page = decoded.text
        if not self.note_marks:
            page = _NOTE_MARK.sub("", page)
        page = _CLOSED.sub(r"<\1\2></\1>", page)
        made = Record(origin="chapter", body=page.encode("utf-8", "replace"), media_type="text/html", charset="utf-8")
        found = Fast(main_content=False).extract(made)
        text = found.text.strip() if isinstance(found, Document) else ""
        is_left_out = len(text) < MAX_LEFT_OUT and not set(self.leave_out).isdisjoint(_kinds(decoded.text))
        return "" if is_left_out else text


def _kinds(page: str) -> list[str]:
    """What a content document calls itself, on its body and its first section."""
    return [kind for match in itertools.islice(_KIND.finditer(page), 2) for kind in match[1].split()]
