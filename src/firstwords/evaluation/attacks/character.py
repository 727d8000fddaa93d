"""Slips of a writer in some words: letters in the wrong order, too many, missing, or of a neighbouring key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import TextRecord
from firstwords.data.perturbation import MIN_LETTERS, Limits, Perturbation
from firstwords.data.perturbations.delete import Delete
from firstwords.data.perturbations.insert import Insert
from firstwords.data.perturbations.keyboard import Keyboard
from firstwords.data.perturbations.swap import Swap
from firstwords.evaluation.attack import Attack, Proposer, Subject, outside, slips
from firstwords.recipe import Kind, kind_of

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Character(Attack):
    """Edits inside words; the first and the last letter stay.

    Attributes:
        slips: Kinds of edits.
        per_kind: Candidates of each kind for a word, drawn by the seed of the task.
        min_letters: Words with fewer, and those with other signs than letters, stay.
    """

    records: ClassVar[tuple[type, ...]] = (TextRecord,)

    slips: tuple[Annotated[Perturbation, Kind("data.perturbations")], ...] = (Swap(), Delete(), Insert(), Keyboard())
    per_kind: Annotated[int, Field(ge=1)] = 3
    min_letters: Annotated[int, Field(ge=1)] = MIN_LETTERS

    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """Edited words."""
        return slips(self.slips, self.per_kind)

    def places(self, subject: Subject) -> list[int]:
        """Long enough words."""
        return outside(subject, Limits(min_letters=self.min_letters))

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        return allowed_slips(self.slips, self.per_kind, self.min_letters)


def allowed_slips(kinds: Sequence[Perturbation], per_kind: int, min_letters: int) -> str:
    """What edits inside words are allowed, in words."""
    names = ", ".join(kind_of(type(each)) for each in kinds)
    return (
        f"one edit ({names}) inside a word of at least {min_letters} letters and nothing else, its first and last "
        f"letter kept, {per_kind} candidates of each kind"
    )
