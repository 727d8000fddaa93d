"""The main text of web pages by resiliparse: a parser in C and quick rules."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Fast(Extractor):
    """Some 300 pages a second on one core; more boilerplate than `best`.

    Attributes:
        main_content: Leave out navigation, footers and the like; off gives all visible text.
        min_characters: Shorter texts count as empty.
    """

    version: ClassVar[int] = 4
    libraries: ClassVar[tuple[str, ...]] = ("resiliparse",)
    preloads: ClassVar[tuple[str, ...]] = ("firstwords.data.warm_pages",)
    main_content: bool = True
    min_characters: int = 1

    def extract(self, record: Record) -> Document | Rejection:
        """The page's main text, blocks separated by a blank line."""
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.html import HTMLTree

        from firstwords.data.crawl.page import record_facts, told_facts
        from firstwords.data.page_tags import told_tags

        decoded = decoded_or_rejected(record)
        if isinstance(decoded, Rejection):
            return decoded
        tree = HTMLTree.parse(decoded.text)
        text = extract_plain_text(
            tree, preserve_formatting=True, main_content=self.main_content, alt_texts=False, noscript=False
        )
        text = blocks(text)
        if len(text) < self.min_characters:
            return rejected(record, "empty", "no readable text")
        facts = told_facts(*told_tags(decoded.text), record.url)
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


def blocks(text: str) -> str:
    """Lines without trailing blanks, at most one blank line between them."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    out: list[str] = []
    for line in lines:
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip("\n")
