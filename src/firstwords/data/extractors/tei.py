"""The text of books in TEI XML (Text Encoding Initiative, P5)."""

from dataclasses import dataclass
from typing import ClassVar

from firstwords.data.document import Document, Rejection
from firstwords.data.extractor import Extractor, document, rejected
from firstwords.data.source import Record

# Elements that are a block of text each; what holds other blocks (div, lg, quote) is walked through.
BLOCKS = ("p", "head", "l", "ab", "item", "opener", "closer", "trailer", "speaker", "stage")
# Not the author's text.
NOTES = ("note", "fw", "figDesc")


@dataclass(frozen=True, kw_only=True)
class Tei(Extractor):
    """Paragraphs, headings and verses of `text`, front and back matter included; no header, notes, running heads."""

    libraries: ClassVar[tuple[str, ...]] = ("lxml",)

    def extract(self, record: Record) -> Document | Rejection:
        """The book's text, blocks separated by a blank line."""
        from firstwords.data.hardened_xml import XML_LANGUAGE, all_named, local_name, parse_xml, words_of

        root = parse_xml(record.body)
        if root is None or local_name(root) not in ("TEI", "teiCorpus", "TEI.2"):
            return rejected(record, "unsupported" if root is not None else "malformed", "no TEI document")
        for note in all_named(root, *NOTES):
            # What follows an element belongs to its parent's text.
            before, parent = note.getprevious(), note.getparent()
            if parent is not None:
                tail = note.tail or ""
                if before is not None:
                    before.tail = (before.tail or "") + tail
                else:
                    parent.text = (parent.text or "") + tail
                parent.remove(note)
        blocks = []
        for text in (each for each in all_named(root, "text") if not _inside(each, "text")):
            found = (each for each in all_named(text, *BLOCKS) if not _inside(each, *BLOCKS))
            blocks += [words for each in found if (words := words_of(each))]
        if not blocks:
            return rejected(record, "empty", "a book without text")
        title = next((words_of(each) for each in all_named(root, "title")), None)
        language = (root.get(XML_LANGUAGE) or "").partition("-")[0] or None
        return document(record, "\n\n".join(blocks), self, title=title, language=language)


def _inside(element: object, *names: str) -> bool:
    """Whether one of the elements around it has one of the names."""
    from firstwords.data.hardened_xml import local_name

    return any(local_name(each) in names for each in element.iterancestors())  # type: ignore[attr-defined]
