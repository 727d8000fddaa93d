"""Letters of other scripts that look the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import TextRecord
from firstwords.data.perturbation import MIN_LETTERS, Limits
from firstwords.data.perturbations.homoglyph import Homoglyph
from firstwords.evaluation.attack import Attack, Proposer, Subject, outside, slips
from firstwords.evaluation.attacks.character import allowed_slips

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Homoglyphs(Attack):
    """What no reader sees: one letter of a word is exchanged for its double.

    Attributes:
        candidates: For a word.
        min_letters: Words with fewer, and those with other signs than letters, stay.
    """

    records: ClassVar[tuple[type, ...]] = (TextRecord,)

    candidates: Annotated[int, Field(ge=1)] = 12
    min_letters: Annotated[int, Field(ge=1)] = MIN_LETTERS

    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """Edited words."""
        return slips((Homoglyph(),), self.candidates)

    def places(self, subject: Subject) -> list[int]:
        """Long enough words."""
        return outside(subject, Limits(min_letters=self.min_letters))

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        return allowed_slips((Homoglyph(),), self.candidates, self.min_letters)
