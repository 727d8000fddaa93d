"""The contract of an attack: which words of an item it may change, to what, and within which limits.

The search for the worst change is one for all attacks (`evaluation.greedy_search`). An attack sees the model's scores
and nothing else of it, and its limits are printed with every figure: the same attack with another budget gives figures
that do not compare.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import OUTSIDE, TextRecord, WordsRecord
from firstwords.data.perturbation import MIN_LETTERS, Limits, Perturbation, word_places
from firstwords.recipe import Component, kind_of

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True)
class Subject:
    """A text or a sentence whose words can be exchanged.

    Attributes:
        words: In order.
        gold: The label of the text, or a tag for every word.
        gaps: What stands before, between and behind the words of a text, one more than there are words; None for a
            sentence that comes as words.
    """

    words: tuple[str, ...]
    gold: str | tuple[str, ...]
    gaps: tuple[str, ...] | None = None

    @classmethod
    def of(cls, record: TextRecord | WordsRecord) -> "Subject":
        """A record, ready to be changed."""
        if isinstance(record, WordsRecord):
            return cls(record.words, record.tags)
        places = word_places(record.text)
        words = tuple(record.text[place.start : place.end] for place in places)
        edges = [0, *(edge for place in places for edge in place), len(record.text)]
        gaps = tuple(record.text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
        return cls(words, record.label, gaps)

    @property
    def shown(self) -> Any:
        """What the model is asked about: a text, or words."""
        if self.gaps is None:
            return self.words
        return self.gaps[0] + "".join(word + gap for word, gap in zip(self.words, self.gaps[1:], strict=True))

    def having(self, position: int, word: str) -> "Subject":
        """The same with another word at a position."""
        return replace(self, words=(*self.words[:position], word, *self.words[position + 1 :]))

    def without(self, position: int) -> "Subject":
        """The same without a word; of a sentence also without its tag."""
        rest = (*self.words[:position], *self.words[position + 1 :])
        if self.gaps is None:
            return replace(self, words=rest, gold=(*self.gold[:position], *self.gold[position + 1 :]))
        joined = self.gaps[position] + self.gaps[position + 1].lstrip()
        return replace(self, words=rest, gaps=(*self.gaps[:position], joined, *self.gaps[position + 2 :]))


Proposer = Callable[[Subject, int, np.random.Generator], list[Subject]]
"""What an attack can make of a subject at one of its places."""


@dataclass(frozen=True, kw_only=True)
class Attack(Component):
    """Base of all attacks.

    Attributes:
        max_share: Of the words of an item may change, rounded down; but at least one.
        max_queries: Different texts that the model is asked about, the unchanged one included.
    """

    records: ClassVar[tuple[type, ...]] = (TextRecord, WordsRecord)
    """Classes of the records that it can change."""

    max_share: Annotated[float, Field(gt=0, le=1)] = 0.15
    max_queries: Annotated[int, Field(ge=2)] = 200

    @abstractmethod
    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """What it makes of a place of a subject.

        Args:
            model: The attacked one; an attack may look at its embeddings.
            train: The training part of its data.
        """

    @abstractmethod
    def places(self, subject: Subject) -> list[int]:
        """Positions of words at which it may change something."""

    @abstractmethod
    def allowed(self) -> str:
        """What may change and into what, in words."""

    def constraints(self) -> str:
        """Everything that limits it, in words: printed beside its figures."""
        return (
            f"{kind_of(type(self))}: {self.allowed()}; at most max(1, {self.max_share:.0%} of the words) are changed, "
            f"at most {self.max_queries} queries; in the order of the loss without each word, the worst change is kept "
            "if it hurts, until the first wrong answer. Whether the meaning stays was not judged"
        )


@dataclass(frozen=True, kw_only=True)
class SlipAttack(Attack):
    """Base of the attacks that edit the inside of words.

    Attributes:
        min_letters: Words with fewer, and those with other signs than letters, stay.
    """

    records: ClassVar[tuple[type, ...]] = (TextRecord,)

    min_letters: Annotated[int, Field(ge=1)] = MIN_LETTERS

    @abstractmethod
    def edits(self) -> tuple[Sequence[Perturbation], int]:
        """Kinds of edits, and how many candidates of each for a word, drawn by the seed of the task."""

    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """Edited words."""
        return slips(*self.edits())

    def places(self, subject: Subject) -> list[int]:
        """Long enough words."""
        return outside(subject, Limits(min_letters=self.min_letters))

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        kinds, per_kind = self.edits()
        names = ", ".join(kind_of(type(each)) for each in kinds)
        return (
            f"one edit ({names}) inside a word of at least {self.min_letters} letters and nothing else, its first and "
            f"last letter kept, {per_kind} candidates of each kind"
        )


def outside(subject: Subject, limits: Limits) -> list[int]:
    """Words that may change: within the limits, and in a tagged sentence outside of all entities."""
    return [
        position
        for position, word in enumerate(subject.words)
        if limits.allows(word) and (subject.gaps is not None or subject.gold[position] == OUTSIDE)
    ]


def slips(kinds: Sequence[Perturbation], per_kind: int) -> Proposer:
    """A proposer of misspelt words, so many of each kind at most."""

    def propose(subject: Subject, position: int, generator: np.random.Generator) -> list[Subject]:
        word = subject.words[position]
        found = [edited for kind in kinds for edited in kind.draw(word, per_kind, generator)]
        return [subject.having(position, edited) for edited in dict.fromkeys(found)]

    return propose
