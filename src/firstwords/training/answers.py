"""How likely answers are: sums over the labelled tokens of each document, with gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from firstwords.model.batch import Batch
from firstwords.training.batch import IGNORED, Draws, Example
from firstwords.training.loader import cut

# Tokens that go through the model at once where there is no gradient.
BATCH_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class ComparedBatch(Batch):
    """A batch with the log-likelihood of each document's answer under a reference: (D,) float64."""

    reference: Tensor | None = None

    def to(self, device: torch.device | str) -> ComparedBatch:
        """The same batch on another device."""
        moved = Batch.to(self, device)
        assert self.reference is not None and isinstance(moved, ComparedBatch)
        return replace(moved, reference=self.reference.to(device))


def with_reference(batch: Batch, examples: Sequence[Example]) -> ComparedBatch:
    """A batch of examples that know their reference; zeros where one does not yet."""
    known = [np.zeros(len(e.document_bounds) - 1) if e.reference is None else e.reference for e in examples]
    values = {each.name: getattr(batch, each.name) for each in fields(Batch)}
    return ComparedBatch(**values, reference=torch.from_numpy(np.concatenate(known)))


def log_likelihoods(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Log-likelihood of the labelled tokens of each document.

    Returns:
        (D,) sums in nats, and (D,) numbers of tokens, 1 where there is none.
    """
    assert batch.labels is not None
    select = (batch.labels != IGNORED).nonzero().squeeze(1)
    nats = model(batch, select=select, targets=batch.labels[select], per_token=True)  # (M,)
    owners = batch.documents[select]
    zeros = nats.new_zeros(batch.num_documents)
    counts = zeros.index_add(0, owners, torch.ones_like(nats))
    return zeros.index_add(0, owners, -nats), counts.clamp(min=1)


@torch.no_grad()
def answer_log_likelihoods(
    model: Any, rows: Sequence[Example], collate: Callable[[Sequence[Example], Draws, Any], Batch]
) -> list[np.ndarray]:
    """(D,) float64 log-likelihoods of the answers of each row; the model is left as it was.

    Args:
        model: A language model.
        rows: With labels.
        collate: Of the objective.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    results: dict[int, np.ndarray] = {}
    for piece in cut(rows, BATCH_TOKENS):
        examples = [rows[number] for number in piece]
        draws = Draws(0, tuple((0, example.row) for example in examples), evaluating=True)
        sums, _ = log_likelihoods(model, collate(examples, draws, model.config).to(device))
        counts = np.cumsum([len(example.document_bounds) - 1 for example in examples])[:-1]
        for number, part in zip(piece, np.split(sums.double().cpu().numpy(), counts), strict=True):
            results[number] = part
    model.train(was_training)
    return [results[number] for number in range(len(rows))]
