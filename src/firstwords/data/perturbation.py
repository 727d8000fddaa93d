"""The contract of a perturbation: the ways to write a word that a reader still knows, and where they may be used.

Everything here is a pure function of text and random numbers, used twice: to train on misspelt text, drawn anew in each
epoch, and to attack a model with it.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from firstwords.recipe import Component

MIN_LETTERS = 4
"""Shorter words stay as they are: one edit makes another word of them (Pruthi et al. 2019)."""

_WORD = re.compile(r"\S+")
_LETTERS_INSIDE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Perturbation(Component):
    """One kind of slip. First and last letter stay: readers go by them (Rawlinson 1976)."""

    @abstractmethod
    def edits(self, word: str) -> Sequence[str]:
        """What one slip makes of a word, in a fixed order, without the word itself and without white space.

        Args:
            word: Letters only.
        """

    def draw(self, word: str, number: int, generator: np.random.Generator) -> list[str]:
        """Up to so many different ones of `edits`."""
        found = list(dict.fromkeys(self.edits(word)))
        if len(found) <= number:
            return found
        return [found[index] for index in generator.choice(len(found), number, replace=False).tolist()]


@dataclass(frozen=True, kw_only=True)
class Limits(Component):
    """How much of a text may change.

    Attributes:
        min_letters: A word has letters only, and so many of them at least.
        max_share: Of the words (white-space tokens) of a text, rounded down; but at least one.
    """

    min_letters: Annotated[int, Field(ge=1)] = MIN_LETTERS
    max_share: Annotated[float, Field(gt=0, le=1)] = 0.15

    def allows(self, word: str) -> bool:
        """Whether a word may change."""
        return len(word) >= self.min_letters and word.isalpha()

    def most(self, num_words: int) -> int:
        """How many words of a text may change."""
        return max(1, int(self.max_share * num_words))


class Place(NamedTuple):
    """Where a word stands: `text[start:end]`."""

    start: int
    end: int


def word_places(text: str) -> list[Place]:
    """The words of a text: white-space tokens, without the signs around letters and digits."""
    places = []
    for match in _WORD.finditer(text):
        inside = _LETTERS_INSIDE.search(match[0])
        start, end = inside.span() if inside else (0, len(match[0]))
        places.append(Place(match.start() + start, match.start() + end))
    return places


def rewritten(text: str, places: Sequence[Place], changes: Mapping[int, str]) -> str:
    """A text with other words at some places.

    Args:
        text: The text.
        places: Of its words, in order.
        changes: The number of a place and what is written there.
    """
    pieces, done = [], 0
    for number in sorted(changes):
        start, end = places[number]
        pieces += [text[done:start], changes[number]]
        done = end
    return "".join([*pieces, text[done:]])


def moved(span: tuple[int, int], places: Sequence[Place], changes: Mapping[int, str]) -> tuple[int, int]:
    """Where a span of characters is after `rewritten`; one that begins or ends in a changed word takes all of it."""
    start, end = span
    shift_start = shift_end = 0
    for number, word in changes.items():
        place = places[number]
        grown = len(word) - (place.end - place.start)
        if place.end <= start:
            shift_start += grown
        elif place.start < start:
            shift_start += place.start - start
        if place.end <= end:
            shift_end += grown
        elif place.start < end:
            shift_end += place.end + grown - end
    return start + shift_start, end + shift_end


def misspelt(
    words: Sequence[str],
    kinds: Sequence[Perturbation],
    limits: Limits,
    share: float,
    generator: np.random.Generator,
) -> dict[int, str]:
    """Random slips in some of the words that may have one: the number of a word and what becomes of it.

    Args:
        words: Of a text.
        kinds: Each slip is of one of these, all equally likely.
        limits: Which words may change. The share of changed words is `share`, not `limits.max_share`.
        share: Of all words, about; at least one word where any can change.
        generator: The only source of randomness.
    """
    able = [number for number, word in enumerate(words) if limits.allows(word)]
    wanted = min(len(able), max(1, round(share * len(words))))
    if not wanted:
        return {}
    changes = {}
    for number in sorted(generator.choice(able, wanted, replace=False).tolist()):
        # A kind may have nothing to offer (no two different letters to swap); then another one is asked.
        for which in generator.permutation(len(kinds)).tolist():
            drawn = kinds[which].draw(words[number], 1, generator)
            if drawn:
                changes[number] = drawn[0]
                break
    return changes
