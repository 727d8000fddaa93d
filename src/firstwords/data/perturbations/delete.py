"""A letter left out."""

from dataclasses import dataclass

from firstwords.data.perturbation import Perturbation


@dataclass(frozen=True, kw_only=True)
class Delete(Perturbation):
    """`letter` becomes `leter`."""

    def edits(self, word: str) -> list[str]:
        """One an inner letter."""
        return [word[:i] + word[i + 1 :] for i in range(1, len(word) - 1)]
