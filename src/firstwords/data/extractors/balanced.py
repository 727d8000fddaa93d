"""The main text of web pages by a small classifier of blocks: nearly as clean as `best`, several times as fast."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Balanced(Extractor):
    """Cuts the page into blocks and keeps those that boosted trees, trained on real pages, take for its main text.

    The weights ship with the package; `data/weights/blocks.md` tells what they were trained on and how well they do
    on sites that they never saw.

    Attributes:
        threshold: Blocks are kept whose probability is above this; higher gives less boilerplate, lower loses less.
        max_elements: Pages with more elements are rejected as too large.
        min_characters: Shorter texts count as empty.
    """

    version: ClassVar[int] = 3
    preloads: ClassVar[tuple[str, ...]] = ("firstwords.data.warm_blocks",)
    threshold: float = 0.5
    max_elements: int = 200_000
    min_characters: int = 1

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold < 1.0:
            raise ValueError(f"threshold: {self.threshold} is not between 0 and 1")

    def extract(self, record: Record) -> Document | Rejection:
        """The page's main text, blocks separated by a blank line."""
        from firstwords.data.block_classifier import main_blocks
        from firstwords.data.block_text import text_of
        from firstwords.data.crawl.page import record_facts, told_facts
        from firstwords.data.page_blocks import page_blocks

        decoded = decoded_or_rejected(record)
        if isinstance(decoded, Rejection):
            return decoded
        most = 2 * self.max_elements
        if len(decoded.text) > most and decoded.text.count("<") > most:
            return rejected(record, "too_large", f"more than {self.max_elements} elements")
        page = page_blocks(decoded.utf8)
        text = text_of(page, main_blocks(page, self.threshold).keep)
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
