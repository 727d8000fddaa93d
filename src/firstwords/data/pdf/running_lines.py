"""Running titles and page numbers: what stands on many pages at the same place and belongs to none of them.

A line counts only if it is one of the two highest or lowest of its page and stands apart from the text; it goes if
it says the same (digits aside) at the same height of several pages, if it stands where others went, or if it is the
page's number.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from firstwords.data.pdf.line import Line, Usual

Zone = Literal["top", "bottom"]
DEPTH = 2  # lines from the edge of a page
APART = 1.25  # of the usual distance of lines
TALL = 1.25  # of the usual height: "Chapter 3" on top of a page is a heading
SAME_PLACE = 3.0  # 1/72 inch: headers stand still
FEW_PAGES = 6  # in so short a document two pages are enough, otherwise it takes three
PLACE_SHARE = 0.3  # of the pages: a place where so many lines went is a place for running lines
_ROMAN = re.compile(r"(?=[mdclxvi])m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})")
_NUMBER = re.compile(r"(?:page |seite |p\. ?)?[-–—\[( ]*(\d{1,4})[-–—\]) ]*(?:(?:of|von|/|\|) *\d{1,4})?")


@dataclass(frozen=True, slots=True)
class _Candidate:
    page: int
    line: int
    zone: Zone
    says: str
    number: int | None
    place: float


def without_running_lines(pages: list[list[Line]], usual: Usual) -> list[list[Line]]:
    """The pages without running titles and page numbers."""
    candidates = [each for number, page in enumerate(pages) for each in _candidates(number, page, usual)]
    gone = _repeated(candidates, 2 if len(pages) <= FEW_PAGES else 3) | _numbers(candidates)
    gone |= _in_their_places(candidates, gone, len(pages))
    running = {(each.page, each.line) for each in gone}
    return [[line for i, line in enumerate(page) if (number, i) not in running] for number, page in enumerate(pages)]


def _candidates(number: int, page: list[Line], usual: Usual) -> Iterator[_Candidate]:
    """Lines at the edges of a page that stand apart from the rest of it."""
    order = sorted(range(len(page)), key=lambda i: -page[i].baseline)
    found = set()
    zones: tuple[tuple[Zone, list[int]], ...] = (("top", order), ("bottom", order[::-1]))
    for zone, inwards in zones:
        at_edge = inwards[: DEPTH + 1]
        gaps = [
            abs(page[outer].baseline - page[inner].baseline) > APART * usual.distance
            for outer, inner in itertools.pairwise(at_edge)
        ]
        for depth, index in enumerate(inwards[:DEPTH]):
            # The last line of all has nothing to stand apart from.
            line = page[index]
            is_apart = any(gaps[depth:]) or len(page) <= 1
            if index not in found and is_apart and line.height < TALL * usual.height:
                found.add(index)
                text = line.text.lower()
                count = _NUMBER.fullmatch(text)
                yield _Candidate(number, index, zone, _says(text), int(count[1]) if count else None, line.baseline)


def _says(text: str) -> str:
    """A line with its digits hidden: `#` also for Roman numbers that stand alone."""
    words = text.split()
    if words and all(_ROMAN.fullmatch(word) for word in words):
        return "#"
    return re.sub(r"\d+", "#", " ".join(words))


def _repeated(candidates: list[_Candidate], times: int) -> set[_Candidate]:
    """Those that say the same at the same height of so many pages."""
    groups: defaultdict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for each in candidates:
        groups[each.zone, each.says].append(each)
    found = set()
    for group in groups.values():
        # One of each page: what a page says twice at one place is drawn twice, for bold letters.
        places = sorted({each.page: each.place for each in group}.values())
        for each in group:
            if _count_near(places, each.place) >= times:
                found.add(each)
    return found


def _count_near(places: list[float], place: float) -> int:
    return bisect.bisect_right(places, place + SAME_PLACE) - bisect.bisect_left(places, place - SAME_PLACE)


def _numbers(candidates: list[_Candidate]) -> set[_Candidate]:
    """Lone numbers that count the pages: from one, or with the same difference on two of them."""
    counting = [(each, each.number - each.page) for each in candidates if each.number is not None]
    differences = Counter(difference for _, difference in {(each.page, number) for each, number in counting})
    return {each for each, difference in counting if difference == 1 or differences[difference] >= 2}


def _in_their_places(candidates: list[_Candidate], gone: set[_Candidate], num_pages: int) -> set[_Candidate]:
    """Further lines where on many pages running lines stood: titles of short chapters."""
    found = set()
    for zone in ("top", "bottom"):
        places = sorted(each.place for each in gone if each.zone == zone)
        for each in candidates:
            if each.zone == zone and _count_near(places, each.place) >= max(3, PLACE_SHARE * num_pages):
                found.add(each)
    return found
