"""Canaries: made-up secrets that are planted in a corpus to see later how well a model remembers them.

A canary is a fixed sentence with a random number in it. Nobody could guess the number, so a model that finds it
likelier than other numbers has it from the corpus (Carlini et al. 2019, "The Secret Sharer", section 4).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from firstwords.data.split import split_of
from firstwords.errors import RecipeError

NUM_DIGITS = 6
SPACE = 10**NUM_DIGITS
"""Numbers that a canary could have."""
_FIRST = """amber bronze copper crimson dusty eastern faded gentle hidden ivory jolly kindly little marble narrow olive
painted quiet rusty silver timid upper velvet western yellow zesty"""
_SECOND = """anchor bridge candle desert engine forest garden harbour island jacket kettle lantern meadow needle orchard
pepper quarry river saddle temple umbrella valley window yard"""
NAMES = tuple(f"{first} {second}" for first in _FIRST.split() for second in _SECOND.split())


class Canary(NamedTuple):
    """A secret, and how many times it is planted.

    Attributes:
        name: Whose number it is; no two canaries of a corpus share one.
        secret: Below `SPACE`.
        times: Copies in the corpus; 0 for one that is kept back to see what chance gives.
    """

    name: str
    secret: int
    times: int

    @property
    def text(self) -> str:
        """The sentence as it is planted."""
        return sentence(self.name, self.secret)


def sentence(name: str, number: int) -> str:
    """A canary's sentence with a number. Digits stand apart, so that all numbers have equally many tokens and words."""
    return f"The access code of the {name} is {' '.join(f'{number:0{NUM_DIGITS}d}')}."


def make_canaries(times: Sequence[int], number: int, seed: int) -> list[Canary]:
    """`number` canaries for each of some numbers of copies; equal arguments give equal canaries.

    Raises:
        RecipeError: If there are more than `NAMES`.
    """
    if number * len(times) > len(NAMES):
        raise RecipeError(f"canaries: {number * len(times)} canaries asked for; there are names for {len(NAMES)}")
    draws = random.Random(f"canaries {seed}")
    names = draws.sample(NAMES, number * len(times))
    return [
        Canary(name=names[place], secret=draws.randrange(SPACE), times=copies)
        for place, copies in enumerate(copies for copies in times for _ in range(number))
    ]


def alternatives(canary: Canary, number: int, seed: int) -> list[int]:
    """Other numbers that the canary could have had, drawn without repetition."""
    drawn = random.Random(f"alternatives {seed} {canary.name}").sample(range(SPACE - 1), number)
    return [each + (each >= canary.secret) for each in drawn]


def hosts(canaries: Sequence[Canary], documents: Iterable[tuple[str, str | None]], seed: int) -> dict[str, list[int]]:
    """Which documents get which canaries (by place): each copy in another document, as few as possible in one.

    Args:
        canaries: All of them.
        documents: Id and address of each. Only those that models learn from (`split.split_of`) are hosts.
        seed: Of the draws.

    Raises:
        RecipeError: If there are fewer such documents than copies of a canary.
    """
    found = [name for name, url in documents if split_of(url, name) == "train"]
    most = max((canary.times for canary in canaries), default=0)
    if len(found) < most:
        raise RecipeError(
            f"canaries: {most} copies of one need as many documents to learn from; there are {len(found)}"
        )
    copies = [place for place, canary in enumerate(canaries) for _ in range(canary.times)]
    chosen = sorted(found, key=lambda name: _draw(seed, name))[: len(copies)]
    planted: dict[str, list[int]] = {}
    # Copies of one canary follow each other, so going round the hosts puts them into different ones.
    for number, place in enumerate(copies):
        planted.setdefault(chosen[number % len(chosen)], []).append(place)
    return planted


def planted(text: str, canary: Canary, seed: int) -> str:
    """A text with a canary as a paragraph of its own, at a drawn place; unchanged if it stands there already."""
    if canary.text in text:
        return text
    paragraphs = text.split("\n\n")
    place = int.from_bytes(_draw(seed, f"{canary.name} {len(text)}")) % (len(paragraphs) + 1)
    return "\n\n".join([*paragraphs[:place], canary.text, *paragraphs[place:]])


def _draw(seed: int, name: str) -> bytes:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=f"host {seed}".encode(), digest_size=8).digest()
