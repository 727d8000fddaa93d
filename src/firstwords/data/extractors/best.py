"""The main text of web pages by trafilatura: slower, cleaner."""

from dataclasses import dataclass
from typing import Any, ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.extractors.fast import blocks
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Best(Extractor):
    """Some 35 pages a second on one core; the best main text of the open extractors.

    Attributes:
        favour: `balanced`, `precision` (less boilerplate) or `recall` (less is lost).
        second_opinions: Where trafilatura's own rules find little, ask readability and jusText as well: a third slower,
            F1 of segments .923 instead of .918, of articles .960 instead of .962 (docs/log/2026-11-26-balanced.md).
        search_dates: Look for date, author and title in the text too, where the page's own elements do not say: doubles
            the time.
        comments: Keep readers' comments.
        tables: Keep tables.
        max_elements: Pages with more elements are rejected as too large: the rules need time in their square.
        min_characters: Shorter texts count as empty.
    """

    version: ClassVar[int] = 3
    libraries: ClassVar[tuple[str, ...]] = ("trafilatura", "lxml", "resiliparse")
    favour: str = "balanced"
    second_opinions: bool = False
    search_dates: bool = False
    comments: bool = False
    tables: bool = True
    max_elements: int = 100_000
    min_characters: int = 1

    def __post_init__(self) -> None:
        if self.favour not in ("balanced", "precision", "recall"):
            raise ValueError(f"favour: '{self.favour}' is none of 'balanced', 'precision', 'recall'")

    def extract(self, record: Record) -> Document | Rejection:
        """The page's main text, blocks separated by a blank line."""
        from resiliparse.parse.html import HTMLTree
        from trafilatura import bare_extraction

        from firstwords.data.charset import decode, looks_binary
        from firstwords.data.crawl.page import record_facts

        if looks_binary(record.body):
            return rejected(record, "not_html", f"binary data announced as {record.media_type}")
        decoded = decode(record.body, record.charset)
        if decoded is None:
            return rejected(record, "undecodable", f"charset {record.charset or 'not announced'}")
        if decoded.text.count("<") > 2 * self.max_elements:
            return rejected(record, "too_large", f"more than {self.max_elements} elements")
        found: Any = bare_extraction(
            decoded.text,
            url=record.url,
            favor_precision=self.favour == "precision",
            favor_recall=self.favour == "recall",
            fast=not self.second_opinions,
            include_comments=self.comments,
            include_tables=self.tables,
            with_metadata=self.search_dates,
        )
        parts = [] if found is None else [found.text or "", (found.comments or "") if self.comments else ""]
        text = "\n\n".join(blocks(_spaced(part)) for part in parts if part.strip())
        if found is None or len(text) < self.min_characters:
            return rejected(record, "empty", "no readable text")
        facts, metadata = record_facts(HTMLTree.parse(decoded.text), record)
        return document(
            record,
            text,
            self,
            decoded,
            title=found.title or facts.title,
            date=facts.date or found.date,
            licence=facts.licence or found.license,
            metadata=metadata | ({"author": found.author} if found.author else {}),
        )


def _spaced(text: str) -> str:
    """A blank line between blocks: trafilatura ends each of them with one line end; table rows stay together."""
    out: list[str] = []
    for line in text.split("\n"):
        if out and line.strip() and out[-1].strip() and not (_is_inside(line) and _is_inside(out[-1])):
            out.append("")
        out.append(line)
    return "\n".join(out)


def _is_inside(line: str) -> bool:
    """Whether a line belongs to a table or a list together with its neighbours."""
    return line.startswith(("- ", "* ", "|")) or " | " in line
