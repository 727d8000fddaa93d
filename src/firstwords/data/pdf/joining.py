"""Lines to one line: hyphens at line ends, letters that print as one, scripts without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

# Letters drawn as one (fi, ffl) and the shapes of Arabic letters; other compatibility characters say something.
_SHAPES = (range(0xFB00, 0xFB07), range(0xFB13, 0xFB18), range(0xFB50, 0xFDFC), range(0xFE70, 0xFEFD))
_LETTERS = {code: unicodedata.normalize("NFKC", chr(code)) for codes in _SHAPES for code in codes}
_LETTERS |= {0x2010: "-", 0x2011: "-"}  # hyphens that are nothing else
WORD = 3  # letters: shorter halves are words by chance
_SOFT_HYPHEN = "\u00ad"
_LEADERS = re.compile(r"(?:\s?[.·…]){4,}(?=\s\S{1,7}$)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?=-$)")
_FIRST = re.compile(r"[^\W\d_]+")
_DASH = re.compile(r"(?:--|[—―])$")
# Chinese and Japanese; Korean parts its words with spaces.
_NO_SPACES = re.compile("[\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60]")


def plain_letters(text: str) -> str:
    """A line with one character a letter, single spaces, no dots that lead to a page number, and no soft hyphens.

    A soft hyphen that ends the line is shown, and so becomes a hyphen.
    """
    text = " ".join(_LEADERS.sub(" ", text.translate(_LETTERS)).split())
    if _SOFT_HYPHEN in text:
        text = text[:-1].replace(_SOFT_HYPHEN, "") + text[-1].replace(_SOFT_HYPHEN, "-")
    return text


class Joiner:
    """Joins lines of a document; its own words tell whether a hyphen belongs to the word or to the line.

    Args:
        lines: All lines of the document, as `plain_letters` gives them.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._words: Counter[str] = Counter()
        broken: list[tuple[str, str]] = []
        last = ""
        for line in lines:
            first = _FIRST.match(line) if last else None
            if first:
                broken.append((last, first[0]))
            # What stands on either side of a break is half a word, and no witness.
            found = _LAST.search(line)
            last = found[0] if found else ""
            whole = line[first.end() if first else 0 : found.start() if found else len(line)]
            self._words.update(word.lower() for word in _WORD.findall(whole))
        self._hyphenates = self._is_hyphenating(broken)

    def _is_hyphenating(self, broken: list[tuple[str, str]]) -> bool:
        """Whether words are cut at line ends here at all: more of them are known whole than with their hyphen."""
        whole = sum(self._words[(last + first).lower()] > 0 for last, first in broken)
        compound = sum(self._words[f"{last}-{first}".lower()] > 0 for last, first in broken)
        return whole >= compound

    def joined(self, before: str, after: str) -> tuple[str, str]:
        """The two lines without what only the line end put between them: their concatenation is the joined line."""
        last, first = _LAST.search(before), _FIRST.match(after)
        if last and first:
            return (before[:-1] if self._is_cut(last[0], first[0]) else before), after
        if before.endswith("-") and len(before) > 1 and not before[-2].isspace() and after[:1].isalnum():
            return before, after  # 1990-95, X-rays
        if _DASH.search(before) and not before[: -len(_DASH.search(before)[0])].endswith(" "):  # type: ignore[index]
            return before, after
        if before and after and _NO_SPACES.match(before[-1]) and _NO_SPACES.match(after[0]):
            return before, after
        return before, " " + after

    def _is_cut(self, last: str, first: str) -> bool:
        """Whether the hyphen between two halves goes."""
        if not first[0].islower():
            return False
        last, first = last.lower(), first.lower()
        whole, compound = self._words[last + first], self._words[f"{last}-{first}"]
        if whole or compound:
            return whole > compound
        # Neither is known: two words that are (cherry-tart) rather than a word in two.
        are_words = min(len(last), len(first)) >= WORD and self._words[last] > 0 and self._words[first] > 0
        return self._hyphenates and not are_words and "-" not in last
