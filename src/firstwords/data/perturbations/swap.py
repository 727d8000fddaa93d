"""Two neighbouring letters in the wrong order."""

from dataclasses import dataclass

from firstwords.data.perturbation import Perturbation


@dataclass(frozen=True, kw_only=True)
class Swap(Perturbation):
    """`letter` becomes `lteter`."""

    def edits(self, word: str) -> list[str]:
        """One a pair of different inner neighbours."""
        return [
            word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(1, len(word) - 2) if word[i] != word[i + 1]
        ]
