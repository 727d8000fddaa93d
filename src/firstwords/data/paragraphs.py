"""Paragraphs of a text, and their names across a corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator

import xxhash

# Blank lines part paragraphs; indentation of the line behind them stays with it.
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")


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


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """The text without some of its paragraphs; the blank lines before each go with it.

    Args:
        text: The text.
        spans: Of the paragraphs to leave out, in order.
    """
    kept, at = [], 0
    for start, end in spans:
        kept.append(text[at:start].rstrip())
        at = end
    return ("".join(kept) + text[at:]).strip("\n")
