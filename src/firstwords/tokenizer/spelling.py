"""Which sub-words are spelt alike: a name with some of them exchanged still looks like a name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

# How a byte-level vocabulary writes a space in front of a word.
SPACE = "\N{LATIN CAPITAL LETTER G WITH DOT ABOVE}"


@dataclass(frozen=True, slots=True)
class SpellingClasses:
    """The ids of a vocabulary, sorted into classes.

    Attributes:
        members: (V,) int32, the ids of one class after another.
        starts: (V,) int64: where in `members` the class of each id begins.
        sizes: (V,) int64: how many ids are in the class of each id.
    """

    members: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    def draw(self, ids: np.ndarray, chances: np.ndarray) -> np.ndarray:
        """Members of the classes of some ids.

        Args:
            ids: (P,) token ids.
            chances: (P, K) numbers in [0, 1).

        Returns:
            (P, K) int32 token ids; an id that is alone in its class stays.
        """
        inside = (chances * self.sizes[ids][:, None]).astype(np.int64)
        return self.members[self.starts[ids][:, None] + inside]


@lru_cache(maxsize=2)
def spelling_classes(tokenizer: Tokenizer) -> SpellingClasses:
    """Sub-words of ASCII letters with the same case and the same beginning (behind a space or not) are one class.

    Signs, digits, parts of characters and special tokens are classes of their own.
    """
    classes: dict[object, list[int]] = {}
    for token_id in range(tokenizer.vocab_size):
        classes.setdefault(_spelling(tokenizer.token(token_id), token_id), []).append(token_id)
    members = np.array([each for ids in classes.values() for each in ids], dtype=np.int32)
    starts, sizes = np.zeros((2, tokenizer.vocab_size), dtype=np.int64)
    start = 0
    for ids in classes.values():
        starts[ids], sizes[ids] = start, len(ids)
        start += len(ids)
    return SpellingClasses(members, starts, sizes)


def _spelling(token: str | None, token_id: int) -> object:
    letters = (token or "").removeprefix(SPACE)
    if not (letters.isascii() and letters.isalpha()):
        return token_id
    if letters.islower() or letters.isupper():
        # A single capital may begin a word or an acronym; it counts as the beginning of a word.
        case = "lower" if letters.islower() else "upper" if len(letters) > 1 else "capital"
    else:
        case = "capital" if letters[0].isupper() and letters[1:].islower() else "mixed"
    return case, token != letters
