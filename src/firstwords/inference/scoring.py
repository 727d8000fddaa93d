"""How likely a model finds the tokens of documents, long ones in overlapping windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from firstwords.model.batch import Batch
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model


@dataclass(frozen=True)
class Window:
    """A part of a document that goes through the model at once.

    Tokens `start` to `end` are read (numbered in the document behind its first, conditioning token); the predictions of
    `first_scored` to `end` are kept.
    """

    document: int
    start: int
    first_scored: int
    end: int


def windows(num_tokens: int, context: int, stride: int, document: int = 0) -> list[Window]:
    """Cut `num_tokens` predictions into windows of at most `context` predictions; each is scored in exactly one.

    Every window but the first repeats `context - stride` tokens, so that no token is predicted from less.
    """
    found: list[Window] = []
    scored = 0
    while scored < num_tokens:
        end = min(num_tokens, context if not found else scored + stride)
        found.append(Window(document, max(0, end - context), scored, end))
        scored = end
    return found


@torch.inference_mode()
def token_log_likelihoods(
    model: Model,
    documents: Sequence[Sequence[int]],
    *,
    num_given: int = 1,
    stride: int | None = None,
    batch_tokens: int = 4096,
    progress: Callable[[int, int], None] | None = None,
) -> list[np.ndarray]:
    """Log-likelihood of the tokens of documents under a causal language model, in nats.

    Args:
        model: Causal, in evaluation mode.
        documents: Token ids, the first of each only conditions.
        num_given: Tokens at the start of each document that are not scored, at least 1.
        stride: New tokens of every window behind the first; half the context by default. Smaller is slower and fairer.
        batch_tokens: That go through the model at once.
        progress: Told scored tokens so far and in all.

    Returns:
        For each document (length - num_given,) float64, none above 0; each token is scored exactly once, with at least
        `context - stride` tokens before it where the document has as many.
    """
    assert isinstance(model.head, LanguageModelHead) and model.config.causal and num_given >= 1
    context = model.config.context
    stride = stride or max(1, context // 2)
    results = [np.zeros(max(0, len(document) - 1)) for document in documents]
    parts = [
        window
        for number, document in enumerate(documents)
        for window in windows(len(document) - 1, context, stride, number)
        if window.end >= num_given
    ]
    # Windows of like length share a batch, so that attention has little padding; the order does not touch the result.
    parts.sort(key=lambda window: window.start - window.end)
    total, done = sum(window.end - window.first_scored for window in parts), 0
    for batch in _batches(parts, batch_tokens):
        _score(model, documents, batch, results)
        done += sum(window.end - window.first_scored for window in batch)
        if progress is not None:
            progress(done, total)
    return [result[num_given - 1 :] for result in results]


def _batches(parts: list[Window], batch_tokens: int) -> list[list[Window]]:
    batches: list[list[Window]] = []
    size = 0
    for window in parts:
        length = window.end - window.start
        if not batches or size + length > batch_tokens:
            batches.append([])
            size = 0
        batches[-1].append(window)
        size += length
    return batches


def _score(model: Model, documents: Sequence[Sequence[int]], parts: list[Window], results: list[np.ndarray]) -> None:
    inputs = [[int(i) for i in documents[part.document][part.start : part.end]] for part in parts]
    device = model.backbone.embed_tokens.weight.device
    batch = Batch.of(inputs).to(device)
    select: list[int] = []
    targets: list[int] = []
    for part, begin in zip(parts, batch.bounds.tolist(), strict=False):
        select += range(begin + part.first_scored - part.start, begin + part.end - part.start)
        targets += [int(i) for i in documents[part.document][part.first_scored + 1 : part.end + 1]]
    hidden = model.backbone(batch).index_select(0, torch.tensor(select, device=device))
    head = model.head
    assert isinstance(head, LanguageModelHead)
    nats = head.nats(hidden, torch.tensor(targets, device=device)).double().cpu().numpy()
    taken = 0
    for part in parts:
        length = part.end - part.first_scored
        results[part.document][part.first_scored : part.end] = -nats[taken : taken + length]
        taken += length
