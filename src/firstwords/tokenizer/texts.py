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
    put into the tokenizer's frame.
    """
    room = room_for_text(tokenizer, context)
    ids = tokenizer.encode(text) or ([] if any(tokenizer.frame) else [tokenizer.end_of_text])
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
