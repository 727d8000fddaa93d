"""A line of a printed page, and what its neighbours tell about the usual one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text and its place, in units of the page (1/72 inch); baselines count upwards.

    Attributes:
        is_broken: Its last word goes on in the next line; `text` ends with the hyphen.
        turned: Quarter turns of the text against the page.
    """

    text: str
    left: float
    right: float
    baseline: float
    height: float
    is_broken: bool = False
    turned: int = 0


@dataclass(frozen=True)
class Usual:
    """What most lines of a document keep to: their height, and the distance of their baselines."""

    height: float
    distance: float

    def distance_for(self, height: float) -> float:
        """The distance that lines of another height would have in the same proportion."""
        return self.distance * max(height, 0.5 * self.height) / self.height


def usual(pages: Iterable[list[Line]]) -> Usual:
    """The most common height, by characters, and distance of consecutive lines of about that height."""
    pages = list(pages)
    heights: Counter[float] = Counter()
    for line in itertools.chain.from_iterable(pages):
        heights[round(2 * line.height) / 2] += len(line.text)
    height = heights.most_common(1)[0][0] if heights else 10.0
    distances: Counter[float] = Counter()
    for page in pages:
        for before, after in itertools.pairwise(page):
            distance = before.baseline - after.baseline
            if 0.7 * height < distance < 3 * height and abs(after.height - height) < 0.2 * height:
                distances[round(2 * distance) / 2] += 1
    return Usual(height, distances.most_common(1)[0][0] if distances else 1.35 * height)
