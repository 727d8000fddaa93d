"""Neighbouring keys hit in place of the right ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from firstwords.data.perturbation import Perturbation
from firstwords.data.perturbations.keyboard import Keyboard
from firstwords.evaluation.attack import SlipAttack


@dataclass(frozen=True, kw_only=True)
class KeyboardSlips(SlipAttack):
    """Slips of the keyboard alone (QWERTY).

    Attributes:
        candidates: For a word.
    """

    candidates: Annotated[int, Field(ge=1)] = 12

    def edits(self) -> tuple[Sequence[Perturbation], int]:
        """One kind."""
        return (Keyboard(),), self.candidates
