"""How likely continuations are behind prompts that begin alike: the common beginning is read once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from firstwords.inference.kv_cache import KeyValueCache
from firstwords.inference.scoring import token_log_likelihoods
from firstwords.model.batch import Batch
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model

Scored = tuple[Sequence[int], int]
"""Token ids of a document, and how many of them at its start are given; at least one."""


def common_beginning(documents: Sequence[Scored]) -> int:
    """Tokens with which all documents begin, less than any has given: from the last given one on all is read anew."""
    first = np.asarray(documents[0][0])
    length = min(given for _, given in documents) - 1
    for ids, _ in documents[1:]:
        differs = np.flatnonzero(first[:length] != np.asarray(ids[:length]))
        length = int(differs[0]) if len(differs) else length
    return length


@torch.inference_mode()
def continuation_log_likelihoods(
    model: Model, documents: Sequence[Scored], *, batch_tokens: int = 8192
) -> list[np.ndarray]:
    """Log-likelihood of every token of documents behind what is given, in nats.

    As `scoring.token_log_likelihoods` of each, but for rounding.

    Args:
        model: Causal, in evaluation mode.
        documents: Any number.
        batch_tokens: Kept keys that a batch may have; the common beginning counts for each of its documents.
    """
    head = model.head
    assert isinstance(head, LanguageModelHead) and model.config.causal
    results: list[np.ndarray] = [np.zeros(0)] * len(documents)
    fitting = [place for place, (ids, _) in enumerate(documents) if len(ids) - 1 <= model.config.context]
    for place in sorted(set(range(len(documents))) - set(fitting)):
        # Longer than the context: read in windows, which have no common beginning.
        ids, given = documents[place]
        results[place] = token_log_likelihoods(model, [ids], num_given=given)[0]
    if not fitting:
        return results
    device = model.backbone.embed_tokens.weight.device
    shared = common_beginning([documents[place] for place in fitting])
    prefix: KeyValueCache | None = None
    if shared:
        prefix = KeyValueCache(model.config, 1, shared, dtype=model.backbone.embed_tokens.weight.dtype, device=device)
        model.backbone(Batch.of([list(map(int, documents[fitting[0]][0][:shared]))]).to(device), cache=prefix)
    # Documents of like length share a batch: the grid of new tokens has little padding.
    fitting.sort(key=lambda place: len(documents[place][0]))
    for start, end in _cuts([len(documents[place][0]) for place in fitting], batch_tokens):
        chosen = [documents[place] for place in fitting[start:end]]
        inputs = [list(map(int, ids[shared:-1])) for ids, _ in chosen]
        batch = Batch.of(inputs).to(device)
        cache = None if prefix is None else prefix.copies(len(chosen), max(map(len, inputs)))
        hidden = model.backbone(batch, cache=cache)
        select: list[int] = []
        targets: list[int] = []
        for begin, (ids, given) in zip(batch.bounds.tolist(), chosen, strict=False):
            select += range(begin + given - 1 - shared, begin + len(ids) - 1 - shared)
            targets += map(int, ids[given:])
        picked = hidden.index_select(0, torch.tensor(select, device=device))
        nats = -head.nats(picked, torch.tensor(targets, device=device)).double().cpu().numpy()
        bounds = np.cumsum([0] + [len(ids) - given for ids, given in chosen])
        for place, low, high in zip(fitting[start:end], bounds, bounds[1:], strict=False):
            results[place] = nats[low:high]
    return results


def _cuts(lengths: Sequence[int], batch_tokens: int) -> list[tuple[int, int]]:
    """Runs of documents, sorted by length, of at most so many tokens."""
    found = []
    start = 0
    for end in range(1, len(lengths) + 1):
        if end == len(lengths) or (end + 1 - start) * lengths[end] > batch_tokens:
            found.append((start, end))
            start = end
    return found


@torch.inference_mode()
def mean_states(model: Model, documents: Sequence[Sequence[int]], *, batch_tokens: int = 4096) -> np.ndarray:
    """(D, width) mean of each document's states after the last norm; a measure of what a text is about.

    Args:
        model: In evaluation mode.
        documents: None empty; what is behind the context is left out.
        batch_tokens: That go through the model at once.
    """
    from firstwords.model.heads import document_means

    device = model.backbone.embed_tokens.weight.device
    kept = [list(map(int, document[: model.config.context])) for document in documents]
    order = sorted(range(len(kept)), key=lambda place: len(kept[place]))
    found = np.zeros((len(kept), model.config.width))
    for start, end in _cuts([len(kept[place]) for place in order], batch_tokens):
        batch = Batch.of([kept[place] for place in order[start:end]]).to(device)
        found[order[start:end]] = document_means(model.backbone(batch), batch).double().cpu().numpy()
    return found
