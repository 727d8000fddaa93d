"""The main text of web pages by trafilatura, and by the classifier of blocks where that is sure: slower, cleaner."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, decoded_or_rejected, document, rejected
from firstwords.data.source import Record

if TYPE_CHECKING:
    from firstwords.data.page_blocks import PageBlocks


@dataclass(frozen=True, kw_only=True)
class Best(Extractor):
    """Some 80 pages a second on one core; better main text than trafilatura alone, which reads some 50.

    The classifier of `balanced` reads every page first. Where it expects to have decided few characters wrongly, its
    text is taken; where it is in doubt, trafilatura's. Each is right where the other errs (docs/decisions/029). The
    document's metadata say under `text_by` whose text it is.

    Attributes:
        max_doubt: Share of wrongly decided characters, as the classifier expects it, up to which its text is taken; 0
            asks trafilatura about every page. The classifier knows only the settings below as they are by default:
            with others every page is trafilatura's.
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

    version: ClassVar[int] = 6
    libraries: ClassVar[tuple[str, ...]] = ("trafilatura", "lxml")
    preloads: ClassVar[tuple[str, ...]] = ("firstwords.data.warm_blocks", "trafilatura")
    max_doubt: float = 0.12
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
        if not 0.0 <= self.max_doubt <= 1.0:
            raise ValueError(f"max_doubt: {self.max_doubt} is not between 0 and 1")

    def extract(self, record: Record) -> Document | Rejection:
        """The page's main text, blocks separated by a blank line."""
        from firstwords.data.crawl.page import record_facts, told_facts
        from firstwords.data.page_blocks import page_blocks

        decoded = decoded_or_rejected(record)
        if isinstance(decoded, Rejection):
            return decoded
        if decoded.text.count("<") > 2 * self.max_elements:
            return rejected(record, "too_large", f"more than {self.max_elements} elements")
        page = page_blocks(decoded.utf8)
        facts = told_facts(page.told, page.title, record.url)
        said: dict[str, Any] = {}
        text = self._sure_text(page)
        by = "blocks" if text else "trafilatura"
        if not text:
            text, said = self._asked(decoded.text, record.url)
        if len(text) < self.min_characters:
            return rejected(record, "empty", "no readable text")
        author = {"author": said["author"]} if said.get("author") else {}
        return document(
            record,
            text,
            self,
            decoded,
            title=said.get("title") or facts.title,
            date=facts.date or said.get("date"),
            licence=facts.licence or said.get("licence"),
            metadata=record_facts(facts, record) | author | {"text_by": by},
        )

    def _sure_text(self, page: "PageBlocks") -> str:
        """The text of the classifier of blocks, empty where it is in doubt or not asked."""
        from firstwords.data.block_classifier import main_blocks
        from firstwords.data.block_text import text_of

        usual = self.favour == "balanced" and self.tables
        if not usual or self.max_doubt == 0 or self.second_opinions or self.search_dates or self.comments:
            return ""
        decision = main_blocks(page)
        return text_of(page, decision.keep) if decision.doubt <= 1000 * self.max_doubt else ""

    def _asked(self, page: str, url: str | None) -> tuple[str, dict[str, Any]]:
        """The text that trafilatura finds, and what it says about the page."""
        from trafilatura import bare_extraction

        found: Any = bare_extraction(
            page,
            url=url,
            favor_precision=self.favour == "precision",
            favor_recall=self.favour == "recall",
            fast=not self.second_opinions,
            include_comments=self.comments,
            include_tables=self.tables,
            with_metadata=self.search_dates,
        )
        if found is None:
            return "", {}
        parts = [found.text or "", (found.comments or "") if self.comments else ""]
        text = "\n\n".join(blocks(_spaced(part)) for part in parts if part.strip())
        return text, {"title": found.title, "date": found.date, "licence": found.license, "author": found.author}


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


def blocks(text: str) -> str:
    """Lines without trailing blanks, at most one blank line between them."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    out: list[str] = []
    for line in lines:
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip("\n")
