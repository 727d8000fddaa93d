"""A word in capitals, or with one where none belongs."""

from dataclasses import dataclass

from firstwords.data.perturbation import Perturbation


@dataclass(frozen=True, kw_only=True)
class LetterCase(Perturbation):
    """`letter` becomes `LETTER` or `letTer`. A tokenizer that drops case does not see it."""

    def edits(self, word: str) -> list[str]:
        """The word in capitals or small letters, then one with the case of an inner letter turned."""
        turned = [word[:i] + word[i].swapcase() + word[i + 1 :] for i in range(1, len(word) - 1)]
        whole = word[0] + word[1:-1].upper() + word[-1]
        return [each for each in (word.upper(), whole, *turned) if each != word and len(each) == len(word)]
