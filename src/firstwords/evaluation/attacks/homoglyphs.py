"""Letters of other scripts that look the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from firstwords.data.perturbation import Perturbation
from firstwords.data.perturbations.homoglyph import Homoglyph
from firstwords.evaluation.attack import SlipAttack


@dataclass(frozen=True, kw_only=True)
class Homoglyphs(SlipAttack):
    """What no reader sees: one letter of a word is exchanged for its double.

    Attributes:
        candidates: For a word.
    """

    candidates: Annotated[int, Field(ge=1)] = 12

    def edits(self) -> tuple[Sequence[Perturbation], int]:
        """One kind."""
        return (Homoglyph(),), self.candidates
