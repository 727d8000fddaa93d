"""The main text of web pages by rules over names of elements and shares of links: the quickest of the extractors."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Fast(Extractor):
    """Some 700 pages a second on one core; more boilerplate than `balanced` and `best`.

    Attributes:
        main_content: Leave out navigation, footers and the like; off gives all visible text.
        max_elements: Pages with more elements are rejected as too large.
        min_characters: Shorter texts count as empty.
    """

    version: ClassVar[int] = 5
    preloads: ClassVar[tuple[str, ...]] = ("firstwords.data.warm_pages",)
    main_content: bool = True
    max_elements: int = 200_000
    min_characters: int = 1

    def extract(self, record: Record) -> Document | Rejection:
        """The page's main text, blocks separated by a blank line."""
        from firstwords.data.block_text import text_of
        from firstwords.data.crawl.page import record_facts, told_facts
        from firstwords.data.page_rules import main_text_blocks

        decoded = decoded_or_rejected(record)
        if isinstance(decoded, Rejection):
            return decoded
        most = 2 * self.max_elements
        if len(decoded.text) > most and decoded.text.count("<") > most:
            return rejected(record, "too_large", f"more than {self.max_elements} elements")
        page, keep = main_text_blocks(decoded.utf8, everything=not self.main_content)
        text = text_of(page, keep)
        if len(text) < self.min_characters:
            return rejected(record, "empty", "no readable text")
        facts = told_facts(page.told, page.title, record.url)
        return document(
            record,
            text,
            self,
            decoded,
            title=facts.title,
            date=facts.date,
            licence=facts.licence,
            metadata=record_facts(facts, record),
        )
