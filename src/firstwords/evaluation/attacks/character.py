"""Slips of a writer in some words: letters in the wrong order, too many, missing, or of a neighbouring key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from firstwords.data.perturbation import Perturbation
from firstwords.data.perturbations.delete import Delete
from firstwords.data.perturbations.insert import Insert
from firstwords.data.perturbations.keyboard import Keyboard
from firstwords.data.perturbations.swap import Swap
from firstwords.evaluation.attack import SlipAttack
from firstwords.recipe import Kind


@dataclass(frozen=True, kw_only=True)
class Character(SlipAttack):
    """Edits inside words; the first and the last letter stay.

    Attributes:
        slips: Kinds of edits.
        per_kind: Candidates of each kind for a word, drawn by the seed of the task.
    """

    slips: tuple[Annotated[Perturbation, Kind("data.perturbations")], ...] = (Swap(), Delete(), Insert(), Keyboard())
    per_kind: Annotated[int, Field(ge=1)] = 3

    def edits(self) -> tuple[Sequence[Perturbation], int]:
        """As the fields say."""
        return self.slips, self.per_kind
