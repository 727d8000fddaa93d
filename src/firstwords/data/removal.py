"""Which characters of a text go when parts of it are repeated, and what is written down about them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from firstwords.data.characters import SPACE, tables

# Where a sentence or a line ends: full stops with the quotes and brackets that close behind them, before white space
# or, in scripts without it, at once; the end of a line; the end of the text.
_STOP = re.compile(r"""[.!?…]+["'”’»)\]]*(?=\s|\Z)|[。！？]+["'”’」』）]*|(?<!\n)(?=\n)|\Z""")
_SPACES = re.compile(r"\s*")
_CLOSING = re.compile(r"[^\w\s]*")


def word_spans(text: str, starts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First character of words, and the one after their last, in the text as it is.

    Args:
        text: The text.
        starts, lengths: Of some of its words as `features.Words` has them: white space counts as one character there.
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = tables()[0]
    spaces = (codes < 0x10000) & (classes[np.minimum(codes, 0xFFFF)] == SPACE)
    readable = np.flatnonzero(~spaces)
    # A character after white space stands one further on; the first one of the text does not.
    after_space = np.zeros(len(readable), np.int64)
    after_space[1:] = np.diff(readable) > 1
    positions = np.arange(len(readable)) + np.cumsum(after_space)
    first = readable[np.searchsorted(positions, starts)]
    last = readable[np.searchsorted(positions, starts.astype(np.int64) + lengths - 1)]
    return first, last + 1


def to_edges(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The whole lines and sentences inside a part of a text, or None if there are none.

    Args:
        text: The text.
        start, end: The part, from the first character of a word to the end of one.
    """
    # Signs that open before the first word, or close behind the last one, belong to them.
    while start > 0 and not text[start - 1].isspace() and not text[start - 1].isalnum():
        start -= 1
    closed = _CLOSING.match(text, end)
    assert closed is not None
    end = closed.end()
    first = 0 if start == 0 or not text[:start].strip() else None
    last = None
    # From the stop that could be right before the part.
    for stop in _STOP.finditer(text, max(0, start - 200)):
        if stop.start() > end:
            break
        if first is None:
            behind = _SPACES.match(text, stop.end())
            assert behind is not None
            if behind.end() >= start:
                first = behind.end()
                continue
        if first is not None and first < stop.end() <= end:
            last = stop.end()
    return None if first is None or last is None or first >= last else (first, last)


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that meet or overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
