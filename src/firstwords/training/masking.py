"""Which tokens of a row are hidden: single tokens, whole words, or spans of words.

Every way hides an exact number of tokens, so that losses of rows and settings compare; a word or span that would
exceed it is passed over for a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

Unit = Literal["token", "word", "span"]


def hidden_tokens(
    generator: np.random.Generator,
    candidates: np.ndarray,
    starts: np.ndarray | None,
    number: int,
    unit: Unit,
    *,
    span_stop: float = 0.2,
    max_span: int = 10,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose tokens.

    Args:
        generator: Decides.
        candidates: (C,) ascending places of tokens that may be hidden; a gap between two of them ends a word.
        starts: (T,) whether a word begins at each token of the row; unused for `token`.
        number: How many to hide, at most C.
        unit: What is hidden as a whole.
        span_stop: Chance that a span ends after a word (geometric lengths: Joshi et al. 2020, SpanBERT, section 3.1).
        max_span: Longest span, in words.

    Returns:
        (number,) chosen places, and for each the number of the unit it belongs to. Fewer than `number` where all units
        that are left are longer than what is missing.
    """
    if unit == "token":
        # One draw for all, in an order that has not changed since the first version.
        return generator.permutation(candidates)[:number], np.arange(number)
    assert starts is not None, "whole words need to know where words begin"
    words = _words(candidates, starts)
    lengths = (
        _span_lengths(generator, len(words), span_stop, max_span) if unit == "span" else np.ones(len(words), np.int64)
    )
    taken = np.zeros(len(words), dtype=bool)
    chosen: list[np.ndarray] = []
    owners: list[int] = []
    missing = number
    for first, length in zip(generator.permutation(len(words)).tolist(), lengths.tolist(), strict=True):
        if not missing:
            break
        for word in _span(words, taken, first, length, missing):
            taken[word] = True
            chosen.append(words[word])
            owners += [first] * len(words[word])
            missing -= len(words[word])
    places = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int64)
    return places, np.array(owners, dtype=np.int64)


def _words(candidates: np.ndarray, starts: np.ndarray) -> list[np.ndarray]:
    """Places of the tokens of each word."""
    begins = np.append(True, (np.diff(candidates) > 1) | starts[candidates[1:]])[: len(candidates)]
    return np.split(candidates, np.flatnonzero(begins)[1:]) if len(candidates) else []


def _span_lengths(generator: np.random.Generator, number: int, stop: float, longest: int) -> np.ndarray:
    """Geometric lengths, those beyond the longest drawn anew in effect: the distribution is cut and renormalised."""
    reached = 1 - (1 - stop) ** longest
    uniform = generator.random(number) * reached
    lengths: np.ndarray = np.ceil(np.log1p(-uniform) / np.log1p(-stop)).astype(np.int64)
    return np.clip(lengths, 1, longest)


def _span(words: list[np.ndarray], taken: np.ndarray, first: int, length: int, missing: int) -> Iterator[int]:
    """Numbers of the free, adjacent words from `first` on that fit into what is missing."""
    for word in range(first, min(first + length, len(words))):
        is_apart = word > first and words[word][0] != words[word - 1][-1] + 1
        if taken[word] or is_apart or len(words[word]) > missing:
            return
        missing -= len(words[word])
        yield word
