"""How running text is cut into words that can carry a tag."""

import re
from typing import NamedTuple

# A dotted name is one word (`os.path.join`), so is a number (`3.14`, `1,000`); any other sign is a word of its own.
_WORD = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*|\d[\w]*(?:[.,]\d\w*)*|[^\w\s]|\w+")


class WordSpan(NamedTuple):
    """A word of a text and where it stands: `text[start:end]`."""

    word: str
    start: int
    end: int


def split_words(text: str) -> list[WordSpan]:
    """The words of a text in order; white space belongs to none, every other character to exactly one."""
    return [WordSpan(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]
