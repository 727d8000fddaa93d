"""How likely a masked language model finds each token of a text when it sees all the others.

A document of T tokens becomes T copies, each with one token hidden (Salazar et al. 2020, pseudo-log-likelihood). For
words of several tokens that is too easy: the rest of a word gives the hidden part away. `words` therefore hides also
what follows in the same word (Kauf & Ivanova 2023, PLL-word-l2r).

Copies of one length go through the model together, so nothing is padded, and the head is applied at one place a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from firstwords.model.batch import Batch
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model

# Tokens of all copies that go through the model at once.
BATCH_TOKENS = 8192


@dataclass(frozen=True)
class Copies:
    """Copies of one length with hidden tokens.

    Attributes:
        tokens: (C, T) int64, hidden ones replaced by the mask.
        places: (C,) the hidden token that is asked for, never the first.
        targets: (C,) what stands there in truth.
    """

    tokens: np.ndarray
    places: np.ndarray
    targets: np.ndarray


Scorer = Callable[[Copies], np.ndarray]
"""(C,) log-likelihood of the targets in nats, float64, by any masked language model."""


def pseudo_log_likelihoods(
    score: Scorer,
    documents: Sequence[Sequence[int] | np.ndarray],
    *,
    mask: int,
    context: int,
    word_starts: Sequence[np.ndarray] | None = None,
    batch_tokens: int = BATCH_TOKENS,
    progress: Callable[[int, int], None] | None = None,
) -> list[np.ndarray]:
    """Log-likelihood of every token but the first, given the others.

    Args:
        score: The model.
        documents: Token ids; the first of each only conditions (end-of-text, as in training).
        mask: Id that hides a token.
        context: Longest copy. In a longer document a token is judged in the middle of so many.
        word_starts: For each document (T,) whether a word begins at each token; with them what follows in the same word
            is hidden too.
        batch_tokens: That go through the model at once.
        progress: Told judged tokens so far and in all.

    Returns:
        For each document (T - 1,) float64, none above 0.
    """
    results = [np.zeros(max(0, len(document) - 1)) for document in documents]
    total, done = sum(map(len, results)), 0
    for copies, owners in _copies(documents, mask, context, word_starts, batch_tokens):
        values = score(copies)
        for owner, place, value in zip(owners[0].tolist(), owners[1].tolist(), values.tolist(), strict=True):
            results[owner][place - 1] = value
        done += len(values)
        if progress is not None:
            progress(done, total)
    return results


def masked_scorer(model: Model) -> Scorer:
    """A scorer of one of our models, masked or hybrid, in evaluation mode."""
    assert isinstance(model.head, LanguageModelHead) and model.config.fills_masks
    head, device = model.head, model.backbone.embed_tokens.weight.device

    @torch.inference_mode()
    def score(copies: Copies) -> np.ndarray:
        number, length = copies.tokens.shape
        starts = np.arange(0, number * length + 1, length)
        batch, select = masked_batch(model, copies.tokens.ravel(), starts, copies.places + starts[:-1])
        hidden = model.backbone(batch).index_select(0, select)
        nats = head.nats(hidden, torch.from_numpy(copies.targets).to(device))
        result: np.ndarray = -nats.double().cpu().numpy()
        return result

    return score


def masked_batch(
    model: Model, tokens: np.ndarray, bounds: np.ndarray, places: np.ndarray
) -> tuple[Batch, torch.Tensor]:
    """Documents with hidden tokens as a model reads them, and where its head predicts the hidden ones.

    Args:
        model: A masked one predicts a hidden token at its own place, a hybrid one place before.
        tokens: (N,) of all documents.
        bounds: (D + 1,).
        places: (M,) of hidden tokens; for a hybrid none may be the first of its document.
    """
    device = model.backbone.embed_tokens.weight.device
    hybrid = model.config.hybrid
    batch = Batch(
        input_ids=torch.from_numpy(tokens.astype(np.int64)),
        bounds=torch.from_numpy(bounds.astype(np.int64)),
        labels=None,
        max_length=int(np.diff(bounds).max()),
        num_causal=0 if hybrid else None,
    )
    return batch.to(device), torch.from_numpy((places - int(hybrid)).astype(np.int64)).to(device)


def _copies(
    documents: Sequence[Sequence[int] | np.ndarray],
    mask: int,
    context: int,
    word_starts: Sequence[np.ndarray] | None,
    batch_tokens: int,
) -> Iterator[tuple[Copies, np.ndarray]]:
    """Copies of one length, about `batch_tokens` tokens at a time, with (document, place) of each as (2, C)."""
    waiting: dict[int, list[tuple[Copies, np.ndarray]]] = {}
    for number, document in enumerate(documents):
        starts = None if word_starts is None else word_starts[number]
        made = _copies_of(np.asarray(document, dtype=np.int64), mask, context, starts)
        if made is None:
            continue
        copies, places = made
        length = copies.tokens.shape[1]
        owners = np.stack([np.full(len(places), number), places])
        group = waiting.setdefault(length, [])
        group.append((copies, owners))
        if sum(len(each.places) for each, _ in group) * length >= batch_tokens:
            yield from _flush(waiting.pop(length), max(1, batch_tokens // length))
    for length, group in waiting.items():
        yield from _flush(group, max(1, batch_tokens // length))


def _copies_of(
    document: np.ndarray, mask: int, context: int, starts: np.ndarray | None
) -> tuple[Copies, np.ndarray] | None:
    """All copies of a document, and the places of the hidden tokens in it."""
    total = len(document)
    if total < 2:
        return None
    places = np.arange(1, total)
    length = min(total, context)
    first = np.clip(places - length // 2, 0, total - length)
    inside = first[:, None] + np.arange(length)  # (C, T) places in the document
    until = places + 1
    if starts is not None:
        begins = np.append(np.flatnonzero(starts), total)
        until = begins[np.searchsorted(begins, places, side="right")]
    hidden = (inside >= places[:, None]) & (inside < until[:, None])
    tokens = np.where(hidden, mask, document[inside])
    return Copies(tokens, places - first, document[places]), places


def _flush(group: list[tuple[Copies, np.ndarray]], size: int) -> Iterator[tuple[Copies, np.ndarray]]:
    tokens = np.concatenate([each.tokens for each, _ in group])
    places = np.concatenate([each.places for each, _ in group])
    targets = np.concatenate([each.targets for each, _ in group])
    owners = np.concatenate([each for _, each in group], axis=1)
    for begin in range(0, len(places), size):
        cut = slice(begin, begin + size)
        yield Copies(tokens[cut], places[cut], targets[cut]), owners[:, cut]
