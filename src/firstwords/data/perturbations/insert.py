"""A letter too many."""

from dataclasses import dataclass
from string import ascii_lowercase

from firstwords.data.perturbation import Perturbation


@dataclass(frozen=True, kw_only=True)
class Insert(Perturbation):
    """`letter` becomes `lettyer`: any letter of the alphabet between any two."""

    alphabet: str = ascii_lowercase
    """Of the language; capitals in words of capitals."""

    def edits(self, word: str) -> list[str]:
        """As many as letters times places between two."""
        letters = self.alphabet.upper() if word.isupper() else self.alphabet
        return [word[:i] + letter + word[i:] for i in range(1, len(word)) for letter in letters]
