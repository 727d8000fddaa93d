"""Ending a continuation where it says one of several strings, whichever tokens it is spelt with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from firstwords.errors import RecipeError
from firstwords.tokenizer.tokenizer import Tokenizer

# Of the tokens that are decoded to look for a string: more than its bytes, since special tokens and bytes of
# unfinished characters add nothing to the text.
SPARE_TOKENS = 16


@dataclass(frozen=True)
class StopStrings:
    """Strings that end a text; they are not part of it.

    Attributes:
        strings: None may be empty.
        tokenizer: Of the text.
    """

    strings: tuple[str, ...]
    tokenizer: Tokenizer

    def __post_init__(self) -> None:
        if "" in self.strings:
            raise RecipeError("a stop string is empty: it would end every text before it begins")

    def __call__(self, tokens: Sequence[int]) -> bool:
        """Whether a string stands at the end of a continuation, so that it is over."""
        if not self.strings:
            return False
        longest = max(len(each.encode()) for each in self.strings)
        text = self.tokenizer.decode(tokens[-longest - SPARE_TOKENS :])
        return any(each in text for each in self.strings)

    def cut(self, text: str) -> str:
        """The text before the first of the strings in it."""
        places = [place for each in self.strings if (place := text.find(each)) >= 0]
        return text[: min(places)] if places else text

    def num_sure(self, text: str) -> int:
        """Characters at the front of a text that cannot be the beginning of a string that is still to come."""
        for start in range(max(0, len(text) + 1 - max(map(len, self.strings), default=1)), len(text)):
            if any(each.startswith(text[start:]) for each in self.strings):
                return start
        return len(text)
