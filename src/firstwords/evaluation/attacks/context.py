"""Slips in the words around entities, which stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import WordsRecord
from firstwords.data.perturbation import MIN_LETTERS, Limits, Perturbation
from firstwords.data.perturbations.delete import Delete
from firstwords.data.perturbations.insert import Insert
from firstwords.data.perturbations.keyboard import Keyboard
from firstwords.data.perturbations.swap import Swap
from firstwords.evaluation.attack import Attack, Proposer, Subject, outside, slips
from firstwords.evaluation.attacks.character import allowed_slips
from firstwords.recipe import Kind

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Context(Attack):
    """Edits inside words outside of all entities: does the tagger find a name by itself?

    Attributes:
        slips: Kinds of edits.
        per_kind: Candidates of each kind for a word, drawn by the seed of the task.
        min_letters: Words with fewer, and those with other signs than letters, stay.
    """

    records: ClassVar[tuple[type, ...]] = (WordsRecord,)

    slips: tuple[Annotated[Perturbation, Kind("data.perturbations")], ...] = (Swap(), Delete(), Insert(), Keyboard())
    per_kind: Annotated[int, Field(ge=1)] = 3
    min_letters: Annotated[int, Field(ge=1)] = MIN_LETTERS

    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """Edited words."""
        return slips(self.slips, self.per_kind)

    def places(self, subject: Subject) -> list[int]:
        """Long enough words outside of entities; none where there is no entity to be lost."""
        if all(tag == "O" for tag in subject.gold):
            return []
        return outside(subject, Limits(min_letters=self.min_letters))

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        return f"words of entities stay; {allowed_slips(self.slips, self.per_kind, self.min_letters)}"
