"""Whole texts as token ids, cut where they are longer than a model's context."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

# A classifier reads at most this many contexts of a text, from its start: what a text is about is said early, and one
# book must not cost as much as a thousand messages.
MAX_DOCUMENTS = 8


class EncodedText(NamedTuple):
    """A text as the model sees it: one document, or several of about equal length.

    Attributes:
        input_ids: (T,) int32, T > 0.
        bounds: (D + 1,) int64: document d is `input_ids[bounds[d]:bounds[d + 1]]`.
    """

    input_ids: np.ndarray
    bounds: np.ndarray


def encode_text(tokenizer: Tokenizer, text: str, context: int) -> EncodedText:
    """Token ids of a text for a classifier, whose answer is the mean over the documents.

    A text longer than the context is cut into as few documents of equal length (within one token) as it needs; what is
    behind `MAX_DOCUMENTS` contexts is left out. An empty text becomes the end-of-text token alone. Every document is
    put into the tokenizer's frame. Unknown words are corrected first, where the tokenizer knows what to.
    """
    room = room_for_text(tokenizer, context)
    ids = tokenizer.encode(_corrected(tokenizer, text)) or ([] if any(tokenizer.frame) else [tokenizer.end_of_text])
    kept = np.array(ids[: MAX_DOCUMENTS * room], dtype=np.int32)
    num_documents = max(1, -(-len(kept) // room))
    bounds = np.arange(num_documents + 1, dtype=np.int64) * len(kept) // num_documents
    return EncodedText(*framed(tokenizer, kept, bounds))


def room_for_text(tokenizer: Tokenizer, context: int) -> int:
    """Tokens of a context that are left when its frame is taken off.

    Raises:
        ValueError: If none are.
    """
    room = context - sum(map(len, tokenizer.frame))
    if room < 1:
        raise ValueError(f"a context of {context} tokens has no room between the tokenizer's special ones")
    return room


def framed(tokenizer: Tokenizer, ids: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Documents, each with the tokenizer's frame around it.

    Args:
        tokenizer: Knows the frame.
        ids: (T,) int32.
        bounds: (D + 1,) int64 of the documents.
    """
    before, after = (np.array(each, dtype=np.int32) for each in tokenizer.frame)
    if not len(before) + len(after):
        return ids, bounds
    parts = [part for a, b in pairwise(bounds) for part in (before, ids[a:b], after)]
    return np.concatenate(parts), bounds + np.arange(len(bounds)) * (len(before) + len(after))


class EncodedPair(NamedTuple):
    """Two texts as the model sees them: each document holds the first and a part of the second.

    Attributes:
        input_ids: (T,) int32.
        bounds: (D + 1,) int64, as in `EncodedText`.
        token_types: (T,) int64: 0 for the first text and what closes it, 1 for the second.
    """

    input_ids: np.ndarray
    bounds: np.ndarray
    token_types: np.ndarray


def encode_pair(tokenizer: Tokenizer, first: str, second: str, context: int) -> EncodedPair:
    """Token ids of a pair of texts, with the tokenizer's separator between them.

    A second text that does not fit beside the first is cut into parts of equal length, and the first stands before each
    of them: a question is seen with every part of its abstract. A first text longer than half the context keeps its
    beginning.

    Raises:
        ValueError: If the context has no room for both.
    """
    # A foreign base frames texts by its own tokens ([CLS] and [SEP] of BERT); ours are parted by end-of-text.
    before, after = tokenizer.frame
    between = list(after) or [tokenizer.end_of_text]
    room = context - len(before) - len(between) - len(after)
    if room < 2:
        raise ValueError(f"a context of {context} tokens has no room for two texts")
    texts = [_corrected(tokenizer, text) for text in (first, second)]
    asked, answered = (ids or [tokenizer.end_of_text] for ids in tokenizer.encode_batch(texts))
    asked = asked[: max(1, room - len(answered), room // 2)]
    part = room - len(asked)
    kept = answered[: MAX_DOCUMENTS * part]
    num_documents = -(-len(kept) // part)
    ids, types, bounds = [], [], [0]
    for number in range(num_documents):
        piece = kept[number * len(kept) // num_documents : (number + 1) * len(kept) // num_documents]
        ids += [*before, *asked, *between, *piece, *after]
        types += [0] * (len(before) + len(asked) + len(between)) + [1] * (len(piece) + len(after))
        bounds.append(len(ids))
    return EncodedPair(np.array(ids, dtype=np.int32), np.array(bounds, dtype=np.int64), np.array(types, dtype=np.int64))


def _corrected(tokenizer: Tokenizer, text: str) -> str:
    return text if tokenizer.known_words is None else tokenizer.known_words.corrected(text)
