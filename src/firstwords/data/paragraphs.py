"""Paragraphs and lines of texts, and their names across a corpus.

`split_units` does it for a batch, compiled; `long_paragraphs` for one text in plain Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import xxhash

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# Blank lines part paragraphs; indentation of the line behind them stays with it.
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(frozen=True)
class Units:
    """The paragraphs or lines of D texts, one text after another.

    `offsets` (D + 1,) int64 bounds the texts in `hashes` (uint64, case and white space do not count), `starts` and
    `ends` (uint32, characters).
    """

    offsets: np.ndarray
    hashes: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def split_units(texts: pa.StringArray, kind: Literal["paragraphs", "lines"], min_words: int) -> Units:
    """The paragraphs or lines of at least `min_words` words (between white space) of a batch of texts."""
    import numpy as np

    from firstwords.data import duplicate_kernels as kernels
    from firstwords.data.characters import tables
    from firstwords.data.features import utf8

    data, bounds = utf8(texts)
    room = int(np.count_nonzero(data[bounds[0] : bounds[-1]] == ord("\n"))) + len(texts)
    offsets = np.empty(len(texts) + 1, np.int64)
    hashes, starts, ends = np.empty(room, np.uint64), np.empty(room, np.uint32), np.empty(room, np.uint32)
    which = kernels.PARAGRAPHS if kind == "paragraphs" else kernels.LINES
    total = kernels.split_units(data, bounds, *tables(), which, max(1, min_words), offsets, hashes, starts, ends)
    return Units(offsets, hashes[:total], starts[:total], ends[:total])


def paragraph_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of the paragraphs of a text: what stands between blank lines."""
    start = 0
    for gap in _BLANK.finditer(text):
        if gap.start() > start:
            yield start, gap.start()
        start = gap.end()
    if start < len(text):
        yield start, len(text)


def paragraph_hash(paragraph: str) -> int:
    """A 64-bit name of a paragraph: XXH3 of its words in lower case, white space collapsed."""
    return xxhash.xxh3_64_intdigest(" ".join(paragraph.lower().split()).encode("utf-8", "surrogatepass"))


def long_paragraphs(text: str, min_words: int) -> Iterator[tuple[int, int, int]]:
    """Start, end and hash of the paragraphs of at least `min_words` words (between white space).

    Shorter ones, such as headings, stand in many documents by right and are never called repeated.
    """
    for start, end in paragraph_spans(text):
        paragraph = text[start:end]
        if len(paragraph.split(None, min_words)) >= min_words:
            yield start, end, paragraph_hash(paragraph)


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without some of its parts.

    The gap before a part goes with it where the part ends its line (the blank lines before a paragraph), unless a
    paragraph begins with the part and goes on behind it; inside a line it is the white space behind the part that
    goes.

    Args:
        text: The text.
        spans: Of the parts to leave out, in order and apart from each other.
    """
    kept, at = [], 0
    for start, end in spans:
        before = text[at:start]
        behind = _INLINE.match(text, end)
        assert behind is not None
        at = behind.end()
        gap = before[len(before.rstrip()) :].count("\n")
        if at < len(text) and text[at] != "\n":
            kept.append(before)
        elif gap > 1 and _ONE_LINE_FEED.match(text, at):
            kept.append(before)
            at += 1
        else:
            kept.append(before.rstrip())
    return ("".join(kept) + text[at:]).strip("\n")


_INLINE = re.compile(r"[^\S\n]*")
_ONE_LINE_FEED = re.compile(r"\n(?![ \t]*(?:\n|$))")
