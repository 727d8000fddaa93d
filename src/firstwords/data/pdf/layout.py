"""From lines with their places to paragraphs: what a reader of the printed page sees without thinking.

The order of the lines is the file's: writers of PDF files draw one column after the other. A line belongs to the
paragraph before it unless a gap, an indent, letters of another size or room at the end of the line before say
otherwise.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from firstwords.data.pdf.joining import Joiner, plain_letters
from firstwords.data.pdf.line import Line, Usual, usual
from firstwords.data.pdf.running_lines import without_running_lines

Between = Literal[" ", "\n", "\n\n"]
BLOCK_GAP = 1.25  # of the usual distance of lines: a wider one parts blocks
OTHER_SIZE = 1.15  # times the height: letters of another size are not the same paragraph
INDENT = 0.8  # of the height: so far to the right begins a paragraph
SPREAD = 1.35  # times the usual width of a character: rows of tables and contents
NOTE_SIZE = 0.93  # of the usual height: smaller lines at the foot of a column may be notes
_NOTE = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡§¶])")
_ITEM = re.compile(r"(?:[•‣▪●○◦■□–—*·-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]|\[\d{1,3}\])\s")
_ENDS_SENTENCE = re.compile("[.!?:…][\"'”’»)\\]]*\\d{0,3}$")


@dataclass(slots=True)
class _Column:
    """Lines below each other on one page, and the edges that most of them keep to.

    `is_wrapped` tells whether several lines reach the right edge, so that lines end because it is there.
    """

    lines: list[Line]
    left: float
    right: float
    is_wrapped: bool


@dataclass(slots=True)
class _Placed:
    line: Line
    column: _Column


def text_of(pages: list[list[Line]]) -> str:
    """The text of a document: paragraphs parted by a blank line, lines that stay lines by a line end."""
    pages = [_with_scripts(_readable(page)) for page in pages]
    measure = usual(pages)
    joiner = Joiner(line.text for page in pages for line in page)
    columns = [column for page in without_running_lines(pages, measure) for column in _columns(page)]
    layout = _Layout(measure, joiner, _opening_indent(columns), _character_width(columns))
    for column in columns:
        layout.add(column)
    return layout.text()


class _Layout:
    """Takes columns one by one. Footnotes wait for the end of the paragraph that runs over the page.

    Args:
        measure: Height and distance of most lines.
        joiner: Knows the words of the document.
        opening: How far the first lines of paragraphs are indented; 0 if they are not.
        width: Of a character, in heights of its line.
    """

    def __init__(self, measure: Usual, joiner: Joiner, opening: float, width: float) -> None:
        self._usual, self._joiner, self._opening, self._width = measure, joiner, opening, width
        self._last: _Placed | None = None
        self._notes: list[str] = []
        self._out: list[str] = []

    def add(self, column: _Column) -> None:
        """The next column."""
        flow, notes = _without_notes(column, self._usual)
        for line in flow.lines:
            self._add_line(_Placed(line, flow))
        if notes is not None:
            self._notes.append(self._block(notes))

    def text(self) -> str:
        """Everything so far."""
        return "".join([*self._out, *(f"\n\n{note}" for note in self._notes)]).strip()

    def _add_line(self, placed: _Placed) -> None:
        if self._last is None:
            self._out.append(placed.line.text)
        else:
            between = self._between(self._last, placed)
            if between == "\n\n":
                self._out += [f"\n\n{note}" for note in self._notes]
                self._notes = []
            self._append(self._out, between, placed.line.text)
        self._last = placed

    def _block(self, column: _Column) -> str:
        out = [column.lines[0].text]
        for before, after in itertools.pairwise(column.lines):
            self._append(out, self._between(_Placed(before, column), _Placed(after, column)), after.text)
        return "".join(out)

    def _append(self, out: list[str], between: Between, text: str) -> None:
        if between == " ":
            out[-1:] = self._joiner.joined(out[-1], text)
        else:
            out += [between, text]

    def _between(self, before: _Placed, after: _Placed) -> Between:
        """What stands between two lines that follow each other."""
        one, two = before.line, after.line
        if not 1 / OTHER_SIZE < two.height / one.height < OTHER_SIZE:
            return "\n\n"
        indent = INDENT * two.height
        is_full = before.column.right - one.right < _first_word(two)
        if before.column is not after.column:
            goes_on = is_full and (before.column.is_wrapped or not _ENDS_SENTENCE.search(one.text))
            return " " if goes_on and two.left - after.column.left <= indent else "\n\n"
        if one.baseline - two.baseline > BLOCK_GAP * self._usual.distance_for(min(one.height, two.height)):
            return "\n\n"
        if _ITEM.match(two.text) or self._is_row(one) or self._is_row(two):
            return "\n"
        ends = _ENDS_SENTENCE.search(one.text) is not None
        if two.left - one.left > indent and not _ITEM.match(one.text) and (ends or not is_full):
            return "\n\n"
        # A talk: paragraph after paragraph of one line, each as much indented as the one before.
        opens = self._opening > 0 and abs(two.left - after.column.left - self._opening) < 0.3 * two.height
        if opens and ends and not two.text[0].islower():
            return "\n\n"
        # Verses begin with capitals, and nothing but their own length ends them.
        is_verse = not before.column.is_wrapped and two.text[0].isupper()
        return " " if is_full and not is_verse else "\n"

    def _is_row(self, line: Line) -> bool:
        """Whether wide gaps part the words of a line: it is a row of a table."""
        return (line.right - line.left) / len(line.text) > SPREAD * self._width * line.height


def _opening_indent(columns: list[_Column]) -> float:
    """How far first lines of paragraphs are indented in this document, 0 where they are not."""
    indents: Counter[float] = Counter()
    for column in columns:
        for before, after in itertools.pairwise(column.lines):
            indent = after.left - column.left
            if before.left - column.left < 1 and INDENT * after.height < indent < 4 * after.height:
                indents[round(2 * indent) / 2] += 1
    return indents.most_common(1)[0][0] if indents else 0.0


def _character_width(columns: list[_Column]) -> float:
    """The usual width of a character, in heights of its line."""
    widths = [
        (line.right - line.left) / (len(line.text) * line.height)
        for column in columns
        for line in column.lines
        if len(line.text) > 20
    ]
    return statistics.median(widths) if widths else 0.5


def _readable(page: list[Line]) -> list[Line]:
    lines = [replace(line, text=plain_letters(line.text)) for line in page]
    return [line for line in lines if line.text]


def _first_word(line: Line) -> float:
    """The room that a line's first word and the space before it would have needed."""
    return (line.right - line.left) * (len(line.text.split(" ", 1)[0]) + 1) / max(1, len(line.text))


def _with_scripts(page: list[Line]) -> list[Line]:
    """The lines with raised and lowered figures, and what else stands on one line, put together."""
    out: list[Line] = []
    for line in page:
        if not out or not (gap := _same_line(out[-1], line)):
            out.append(line)
            continue
        one = out[-1]
        tall = max(one, line, key=lambda each: each.height)
        out[-1] = replace(
            tall,
            text=one.text + ("" if gap == "script" else " ") + line.text,
            left=min(one.left, line.left),
            right=max(one.right, line.right),
            is_broken=line.is_broken,
        )
    return out


def _same_line(one: Line, two: Line) -> Literal["script", "word"] | None:
    """How a line continues the one before at its end, None if it does not."""
    height = max(one.height, two.height)
    rise, gap = abs(one.baseline - two.baseline), two.left - one.right
    if rise > 0.6 * height or gap < -0.3 * height:
        return None
    if gap < height:
        return "script" if gap < 0.15 * height else "word"
    return "word" if rise < 0.2 * height else None


def _columns(page: list[Line]) -> Iterator[_Column]:
    """The lines of a page, a new column wherever the file goes up again."""
    lines: list[Line] = []
    for line in page:
        if lines and line.baseline - lines[-1].baseline > 1.5 * max(line.height, lines[-1].height):
            yield _column(lines)
            lines = []
        lines.append(line)
    if lines:
        yield _column(lines)


def _column(lines: list[Line]) -> _Column:
    lefts = Counter(round(line.left) for line in lines)
    most = max(lefts.values())
    # Short pages have no edge that many lines keep to.
    left = min(left for left, count in lefts.items() if count == most) if most > 2 else min(lefts)
    rights = sorted((line.right for line in lines), reverse=True)
    # A title may go over both columns: the edge is one that several lines reach.
    edge = next((one for one, two in itertools.pairwise(rights) if one - two < 0.5 * lines[0].height), None)
    if edge is None or len(lines) < 4:
        return _Column(lines, left, rights[0], is_wrapped=edge is not None)
    return _Column(lines, left, edge, is_wrapped=True)


def _without_notes(column: _Column, measure: Usual) -> tuple[_Column, _Column | None]:
    """A column and the footnotes below it."""
    lines = column.lines
    start = len(lines)
    while start > 0 and lines[start - 1].height < NOTE_SIZE * measure.height:
        start -= 1
    while start < len(lines) and not _NOTE.match(lines[start].text):
        start += 1
    if start in (0, len(lines)):
        return column, None
    return replace(column, lines=lines[:start]), replace(column, lines=lines[start:])
