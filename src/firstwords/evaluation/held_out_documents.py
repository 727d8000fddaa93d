"""Documents of a token store that language models are judged on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firstwords.artifact import Artifact
from firstwords.data.token_store import TokenStore


class HeldOut(NamedTuple):
    """A document to be predicted: its tokens with the closing end-of-text, and the bytes of its text."""

    id: str
    group: str
    ids: NDArray[np.int64]
    num_bytes: int


def held_out_documents(tokens: Artifact, split: str, max_tokens: int) -> list[HeldOut]:
    """Documents of a split with at least one byte, in the store's order; a sample if they have more tokens."""
    from firstwords.data.split import group_of

    store = TokenStore(tokens.folder, split)
    return [
        HeldOut(
            id=store.documents[number],
            group=group_of(store.urls[number], store.documents[number]),
            ids=np.asarray(store.document(number), dtype=np.int64),
            num_bytes=int(store.num_bytes[number]),
        )
        for number in sample(store, max_tokens)
        if store.num_bytes[number]
    ]


def sample(store: TokenStore, max_tokens: int) -> list[int]:
    """Numbers of all documents, or of hashed ones that have at most `max_tokens` together; ascending.

    A document keeps its draw when the corpus grows, so samples of two corpora overlap as far as possible.
    """
    if len(store.tokens) <= max_tokens:
        return list(range(len(store)))
    order = drawn_order(store)
    sizes = np.cumsum([store.starts[number + 1] - store.starts[number] for number in order])
    return sorted(order[: int(np.searchsorted(sizes, max_tokens, side="right"))])


def drawn_order(store: TokenStore) -> list[int]:
    """Numbers of all documents in the order of their draws."""
    from firstwords.data.dataset import draw

    return sorted(range(len(store)), key=lambda number: draw("perplexity sample", store.documents[number]))


def training_tokens(tokens: Artifact, max_tokens: int) -> NDArray[np.int64]:
    """The training split, or a sample of its documents, one after another; empty where there is none."""
    store = TokenStore(tokens.folder, "train")
    chosen = sample(store, max_tokens)
    if not chosen:
        return np.zeros(0, dtype=np.int64)
    whole = len(chosen) == len(store)
    return np.asarray(store.tokens if whole else np.concatenate([store.document(d) for d in chosen]))
