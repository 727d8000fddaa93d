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
_CONTROLS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85"  # white space that Unicode files under control characters
_BY_CATEGORY = {"L": LETTER, "N": NUMBER, "M": MARK, "Z": SPACE}


@cache
def tables() -> tuple[np.ndarray, np.ndarray]:
    """Class (uint8) and lower-case form (uint16) of the 65,536 characters of the basic plane.

    A character whose lower-case form is not one character of that plane keeps itself.
    """
    import numpy as np

    characters = [chr(code) for code in range(0x10000)]
    classes = np.array([_BY_CATEGORY.get(unicodedata.category(each)[0], SYMBOL) for each in characters], np.uint8)
    for first, last in _IDEOGRAPHS:
        some = classes[first : last + 1]
        some[(some == LETTER) | (some == NUMBER)] = IDEOGRAPH
    classes[[ord(each) for each in _CONTROLS]] = SPACE
    classes[ord("_")] = NUMBER
    lower = np.array([ord(low) if len(low := each.lower()) == 1 else ord(each) for each in characters], np.uint16)
    return classes, lower
