"""The text of journal articles in JATS (NLM) XML."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.source import Record


@dataclass(frozen=True, kw_only=True)
class Jats(Extractor):
    """Some 100 articles a second on one core: title, abstract, body with headings, lists and captions. References,
    footnotes, displayed formulas and the rest of the front matter are left out.

    Attributes:
        citations: `words` keeps those that are words of the sentence ("Hites 2004") and drops numbers ("[3]"); `all`;
            `none`.
        tables: Also the cells of tables, a line a row.
        min_characters: Shorter texts count as empty.
    """

    libraries: ClassVar[tuple[str, ...]] = ("lxml",)
    citations: Literal["words", "all", "none"] = "words"
    tables: bool = False
    min_characters: int = 1

    def extract(self, record: Record) -> Document | Rejection:
        """The article's text, blocks separated by a blank line."""
        from firstwords.data.hardened_xml import all_named, local_name, parse_xml
        from firstwords.data.jats_article import ArticleText, read_front

        root = parse_xml(record.body)
        if root is None:
            return rejected(record, "malformed", "no XML")
        article = root if local_name(root) == "article" else next(iter(all_named(root, "article")), None)
        if article is None:
            return rejected(record, "unsupported", f"XML, but no article: its root is '{local_name(root)[:100]}'")
        blocks = ArticleText(self.citations, self.tables).blocks(article)
        text = "\n\n".join(block for block in blocks if block)
        if len(text) < max(1, self.min_characters):
            return rejected(record, "empty", "an article without text")
        front = read_front(article)
        return document(
            record,
            text,
            self,
            title=front.title,
            date=front.date,
            language=front.language,
            licence=front.licence,
            metadata=front.metadata,
        )
