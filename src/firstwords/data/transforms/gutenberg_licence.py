"""The licence that Project Gutenberg puts before and behind its books, removed."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa

_BOOK = r"OF\s+TH(?:E|IS)\s+PROJECT\s+GUTENBERG(?:\W?S)?(?:\s+E-?(?:BOOK|TEXT)|\s)[^*]{0,500}(?:\*{3}|$)"
# Since about 2001; before that the "small print" stood first, and its end was the beginning of the book.
_START = re.compile(rf"^[ \t]*\*{{3}}\s?START\s+{_BOOK}", re.MULTILINE | re.IGNORECASE)
_SMALL_PRINT = re.compile(r"^[ \t]*\*END\*?\s?THE SMALL PRINT!.{0,120}\*END\*", re.MULTILINE | re.IGNORECASE)
_END = re.compile(rf"^[ \t]*\*{{3}}\s?END\s+{_BOOK}", re.MULTILINE | re.IGNORECASE)
# The line above the mark; in old books the only one.
_LAST_LINE = re.compile(r"^[ \t]*End of (?:th(?:e|is) )?Project Gutenberg(?:['’]s)?\b", re.MULTILINE | re.IGNORECASE)
_CREDIT = re.compile(
    r"\s*(?:Produced|E-?text prepared|This e-?(?:text|book) was (?:prepared|produced)) by(?:.|\n(?!\s*\n)){0,500}",
    re.IGNORECASE,
)
_NAME = re.compile("project gutenberg", re.IGNORECASE)
NEAR_END = 1000  # characters: the last line stands so close above the mark
TAIL = 0.2  # of the text: without a mark, the last line of the book stands in it


@dataclass(frozen=True, kw_only=True)
class GutenbergLicence(Transform):
    """Keeps what stands between the standard marks of a Project Gutenberg book, in any of its editions.

    The marks are "*** START OF ... ***" and "*** END OF ... ***", and in books from before 2002 the end of the "small
    print" and the line "End of (the) Project Gutenberg ...". Texts without marks are left as they are.

    Counted: `headers` and `footers` (removed).
    """

    version: ClassVar[int] = 1
    counted: ClassVar[tuple[str, ...]] = ("headers", "footers")

    credits: bool = False
    """Keep the paragraph that says who prepared the book."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with the books alone; see `Transform.apply`."""
        import numpy as np
        import pyarrow as pa

        texts = batch.column("text").to_pylist()
        counts = {name: np.zeros(batch.num_rows, np.int32) for name in self.counted}
        for row, text in enumerate(texts):
            if _NAME.search(text):
                start, end = book_span(text)
                counts["headers"][row], counts["footers"][row] = start > 0, end < len(text)
                if start > 0 or end < len(text):
                    texts[row] = self._book(text[start:end], start > 0)
        changed = (counts["headers"] + counts["footers"]) > 0
        if changed.any():
            batch = with_texts(batch, pa.array(texts, batch.schema.field("text").type))
        return Transformed(batch, changed, counts)

    def _book(self, text: str, has_header: bool) -> str:
        credit = _CREDIT.match(text) if has_header and not self.credits else None
        return (text[credit.end() :] if credit else text).strip("\n ")


def book_span(text: str) -> tuple[int, int]:
    """Where a Project Gutenberg book begins and ends in a text; the whole text where no marks are."""
    start = _START.search(text)
    if start is None:
        small_print = _SMALL_PRINT.search(text)
        # Later editions moved the small print behind the book.
        start = small_print if small_print and text[small_print.end() :].strip() else None
    begin = start.end() if start else 0
    mark = _END.search(text, begin)
    end = mark.start() if mark else len(text)
    lines = [match.start() for match in _LAST_LINE.finditer(text, begin, end)]
    nearest = end - NEAR_END if mark else len(text) - TAIL * (len(text) - begin)
    close = [place for place in lines if place >= nearest]
    return begin, min([end, *close])
