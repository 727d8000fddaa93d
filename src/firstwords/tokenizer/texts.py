"""Whole texts as token ids, cut where they are longer than a model's context."""

from __future__ import annotations

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
    behind `MAX_DOCUMENTS` contexts is left out. An empty text becomes the end-of-text token alone.
    """
    ids = tokenizer.encode(text) or [tokenizer.end_of_text]
    kept = np.array(ids[: MAX_DOCUMENTS * context], dtype=np.int32)
    num_documents = -(-len(kept) // context)
    return EncodedText(kept, np.arange(num_documents + 1, dtype=np.int64) * len(kept) // num_documents)
