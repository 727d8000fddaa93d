"""Taking passages, told by word numbers, out of a text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from firstwords.data.characters import SPACE, tables
from firstwords.data.features import split_words


def cut_passages(text: str, spans: np.ndarray, margin: int) -> str:
    """A text without some of its words and those around them; what is left is joined by empty lines.

    Args:
        text: The text.
        spans: (S, 2) bounds of runs of words, as numbers of words of `features.split_words`.
        margin: So many more words go on either side.
    """
    words = split_words(pa.array([text], pa.string()))
    raw = _raw_positions(text)
    starts = raw[words.starts]
    ends = raw[words.starts.astype(np.int64) + words.lengths - 1] + 1
    pieces, kept_from = [], 0
    for first, last in _merged(spans, margin, len(starts)):
        pieces.append(text[kept_from : starts[first]])
        kept_from = ends[last - 1]
    pieces.append(text[kept_from:])
    stripped = [piece.strip() for piece in pieces]
    # A piece without words is punctuation that belonged to the passage.
    return "\n\n".join(piece for piece in stripped if any(character.isalnum() for character in piece))


def _merged(spans: np.ndarray, margin: int, num_words: int) -> list[tuple[int, int]]:
    """Spans with their margins, in order, none touching another."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted((max(0, a - margin), min(num_words, b + margin)) for a, b in spans.tolist()):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _raw_positions(text: str) -> np.ndarray:
    """Position in the text of each character that the word splitter counts: runs of white space count once, at the
    start not at all.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    classes = tables()[0]
    space = (codes < 0x10000) & (classes[np.minimum(codes, 0xFFFF)] == SPACE)
    after_character = np.append(False, ~space[:-1]) if len(space) else space
    return np.flatnonzero(~space | after_character)
