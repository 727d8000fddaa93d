"""Words and their sub-words: how text is cut into words, and how tagged words become token ids.

Training, prediction on raw text and evaluation share this file, so that a word always becomes the same ids.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from firstwords.tokenizer.texts import framed, room_for_text

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

# No word is longer than this share of a context: an address of a thousand signs must not push its sentence out.
MAX_WORD_SHARE = 0.25

# Signs that stand directly behind a word, or before one, in running text.
_CLOSING = frozenset(".,;:!?)]}%")
_OPENING = frozenset("([{")


@dataclass(frozen=True, slots=True)
class EncodedWords:
    """A sentence as token ids.

    Attributes:
        input_ids: (T,) int32.
        starts: (W,) int64, strictly rising: the first sub-word of every word.
    """

    input_ids: np.ndarray
    starts: np.ndarray


def encode_words(tokenizer: Tokenizer, words: Sequence[str], max_word_tokens: int) -> EncodedWords:
    """Token ids of words, as they would be in running text, and where each word begins.

    A byte-level tokenizer has other ids for a word behind a space than at the start of a text. Words come without their
    spaces, so they are put back by rule: none before `. , ; : ! ? ) ] } %` and none behind an opening bracket.

    Args:
        tokenizer: Any tokenizer that gives at least one id for a text that is not empty.
        words: None of them empty.
        max_word_tokens: Longer words (addresses, lines of signs) keep only so many sub-words. The label of a word is on
            its first one, so no word and no label is lost.

    Raises:
        ValueError: If a word is empty or has no ids: its label would be lost.
    """
    spaced = []
    for position, word in enumerate(words):
        if not word:
            raise ValueError(f"word {position} of {' '.join(words)[:60]!r} is empty")
        joined = word in _CLOSING or (position > 0 and words[position - 1] in _OPENING)
        spaced.append(word if joined else " " + word)
    pieces = [ids[:max_word_tokens] for ids in tokenizer.encode_batch(spaced)] if spaced else []
    if tokenizer.unknown is not None:  # of some signs a foreign tokenizer makes nothing at all
        pieces = [ids or [tokenizer.unknown] for ids in pieces]
    if not all(pieces):
        lost = words[next(i for i, ids in enumerate(pieces) if not ids)]
        raise ValueError(f"the tokenizer gives no ids for the word {lost!r}")
    lengths = np.array([len(ids) for ids in pieces], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    return EncodedWords(np.array([i for ids in pieces for i in ids], dtype=np.int32), starts)


class Window(NamedTuple):
    """A run of words that goes through the model at once.

    Words `first_word` to `end_word` are seen; the tags of `first_kept` to `end_kept` are taken from here.
    """

    first_word: int
    end_word: int
    first_kept: int
    end_kept: int


def windows(encoded: EncodedWords, context: int) -> list[Window]:
    """Cut a sentence that is longer than the context into overlapping windows; every word is kept in exactly one.

    Neighbouring windows share about half of a context; the words they share are kept from the window in which they have
    more text around them: the first half from the left window, the second from the right one.

    Args:
        encoded: No word with more than `context` sub-words.
        context: The most tokens of a window.
    """
    num_words = len(encoded.starts)
    if len(encoded.input_ids) <= context:
        return [Window(0, num_words, 0, num_words)]
    ends = np.append(encoded.starts[1:], len(encoded.input_ids))  # (W,) behind the last sub-word of every word
    reaches: list[tuple[int, int]] = []
    first = 0
    while True:
        end = int(np.searchsorted(ends, encoded.starts[first] + context, side="right"))
        assert end > first, "a word is longer than the context"
        reaches.append((first, end))
        if end == num_words:
            break
        # The next window begins half a context before this one's end, at least one word further on.
        first = max(first + 1, int(np.searchsorted(encoded.starts, ends[end - 1] - context // 2)))
    # The word in the middle, by tokens, of what two neighbours share.
    shared = [(encoded.starts[right[0]] + ends[left[1] - 1]) // 2 for left, right in itertools.pairwise(reaches)]
    borders = [0, *np.searchsorted(encoded.starts, shared).tolist(), num_words]
    return [Window(a, b, borders[i], borders[i + 1]) for i, (a, b) in enumerate(reaches)]


@dataclass(frozen=True, slots=True)
class EncodedSentence:
    """A sentence as the model sees it: one document, or several overlapping ones where it is longer than the context.

    Attributes:
        input_ids: (T,) int32, the documents one after another.
        bounds: (D + 1,) int64: document d is `input_ids[bounds[d]:bounds[d + 1]]`.
        places: (W,) int64: where in `input_ids` each word's tag is read, in the order of the words.
    """

    input_ids: np.ndarray
    bounds: np.ndarray
    places: np.ndarray


def encode_sentence(tokenizer: Tokenizer, words: Sequence[str], context: int) -> EncodedSentence:
    """Words as token ids, cut into windows where they are too long, with the place of every word's tag.

    Args:
        tokenizer: See `encode_words`.
        words: At least one, none of them empty.
        context: The most tokens of a document.

    Raises:
        ValueError: If there is no word, or an empty one.
    """
    if not words:
        raise ValueError("a sentence needs at least one word")
    room, before = room_for_text(tokenizer, context), len(tokenizer.frame[0])
    encoded = encode_words(tokenizer, words, max(1, int(room * MAX_WORD_SHARE)))
    ends = np.append(encoded.starts, len(encoded.input_ids))  # (W + 1,) where each word begins, and the end
    pieces, places, bounds = [], [], [0]
    for number, window in enumerate(windows(encoded, room)):
        start = ends[window.first_word]
        pieces.append(encoded.input_ids[start : ends[window.end_word]])
        shift = bounds[-1] - start + before + number * sum(map(len, tokenizer.frame))
        places.append(encoded.starts[window.first_kept : window.end_kept] + shift)
        bounds.append(bounds[-1] + len(pieces[-1]))
    ids, ends = framed(tokenizer, np.concatenate(pieces), np.array(bounds, dtype=np.int64))
    return EncodedSentence(ids, ends, np.concatenate(places))
