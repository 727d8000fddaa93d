"""What a family of personal data is: where to look, and what decides there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of personal data: its type (one of `personal_data.ALL_TYPES`) and where it is."""

    type: str
    start: int
    end: int


@dataclass(frozen=True)
class Finder:
    """One family.

    Attributes:
        types: What it finds.
        trigger: Where to look closer, in RE2 syntax over bytes without capturing groups. What it can read beyond the
            match that it gives in the end must be bounded, or the search for many matches takes quadratic time.
        find: The spans that begin in `text[start:end]`, which the trigger has matched, in order and without overlaps.
            The last argument are the telephone regions.
        undecided: Where nothing was found, how many bytes at the end of what the trigger has matched are looked at
            again; None is all but the first.
    """

    types: tuple[str, ...]
    trigger: str
    find: Callable[[bytes, int, int, tuple[str, ...]], Iterable[Span]]
    undecided: int | None = None


# How far before a number a word may stand that announces it, in bytes.
REACH = 60


def words(*alternatives: str) -> re.Pattern[bytes]:
    """A pattern for words that announce a number, in any case; a space stands for any gap, such as a hyphen."""
    joined = "|".join(re.escape(each).replace(r"\ ", r"[\s_.\-]*") for each in alternatives)
    return re.compile(rf"(?<![A-Za-z])(?:{joined})(?![A-Za-z])".encode(), re.IGNORECASE)


def is_announced(text: bytes, start: int, pattern: re.Pattern[bytes]) -> bool:
    """Whether one of some words stands shortly before a place."""
    return pattern.search(text, max(0, start - REACH), start) is not None


_BEFORE = re.compile(rb"(?:[0-9A-Za-z_:$%\x80-\xff]|[A-Za-z_][-.])\Z")
_AFTER = re.compile(rb"[0-9A-Za-z_@]|-[A-Za-z]")
_FIRST_EAST_ASIAN = 0x1100


def extends_word(text: bytes, start: int, end: int) -> bool:
    """Whether letters or digits go on before or behind a number, which then is part of a name, a hash or a version."""
    if _AFTER.match(text, end, end + 2):
        return True
    if not _BEFORE.search(text, max(0, start - 2), start):
        return False
    last = text[start - 1]
    if last == 0x3A:  # "Tel:020..." is a label, not a part of the number
        return text[start - 2 : start - 1].isdigit()
    if last < 0x80:
        return True
    # Quotes and dashes part, letters do not; Chinese and its neighbours write without spaces.
    character = text[max(0, start - 4) : start].decode("utf-8", "ignore")[-1:]
    return character.isalpha() and ord(character) < _FIRST_EAST_ASIAN
