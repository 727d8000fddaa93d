"""What each Unicode character is to the word splitter: letter, digit, space, ideograph, mark, or none of these.

A *word* is a longest run of letters, digits, underscores and the marks that follow them, lower-cased; a Chinese
character or a Japanese kana is a word of its own, since those scripts put no spaces between words (neither do Thai,
Lao or Khmer: there a whole phrase is one word, which repetition and near-duplicate rules bear). A *token* is a
longest run of characters that are not white space. A *line* ends at a line feed; lines are compared with runs of
white space collapsed to one space and trimmed.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

SYMBOL, SPACE, LETTER, NUMBER, MARK, IDEOGRAPH = range(6)

ASTRAL_SYMBOLS = 0x1D000
"""From here to `ASTRAL_IDEOGRAPHS`: notation, mathematical alphabets and emoji, which form no words."""
ASTRAL_IDEOGRAPHS = 0x20000
"""From here on: further Chinese characters."""

# Kana, bopomofo, extension A, unified and compatibility ideographs, half-width kana.
_IDEOGRAPHS = (
    (0x3040, 0x312F),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9D),
)
_BY_CATEGORY = {"L": LETTER, "N": NUMBER, "M": MARK, "Z": SPACE}


def class_of(character: str) -> int:
    """The class of one character."""
    code = ord(character)
    if code >= ASTRAL_SYMBOLS:
        return IDEOGRAPH if code >= ASTRAL_IDEOGRAPHS else SYMBOL
    if code >= 0x10000:
        return LETTER
    if character in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85":
        return SPACE
    if character == "_":
        return NUMBER
    if any(low <= code <= high for low, high in _IDEOGRAPHS) and unicodedata.category(character)[0] in "LN":
        return IDEOGRAPH
    return _BY_CATEGORY.get(unicodedata.category(character)[0], SYMBOL)


def lower_of(character: str) -> str:
    """The lower-case form of one character where that is one character of the same plane, else the character itself."""
    lower = character.lower()
    return lower if len(lower) == 1 and ord(lower) < 0x10000 else character


@cache
def tables() -> tuple[np.ndarray, np.ndarray]:
    """Class (uint8) and lower-case form (uint16) of the 65,536 characters of the basic plane."""
    import numpy as np

    characters = [chr(code) for code in range(0x10000)]
    classes = np.array([class_of(character) for character in characters], np.uint8)
    lower = np.array([ord(lower_of(character)) for character in characters], np.uint16)
    return classes, lower
