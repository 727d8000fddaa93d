"""Batches in which a question stands once with each of its possible answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from firstwords.model.batch import Batch
from firstwords.model.operations import at_least_float32
from firstwords.training.batch import IGNORED


@dataclass(frozen=True, slots=True)
class Candidates(Batch):
    """Documents that belong together by `examples` differ in the answer, whose tokens alone have labels.

    Attributes:
        is_gold: Of each document, whether its answer is the right one.
        numbers: Of each document, the number of its answer's class.
    """

    is_gold: tuple[bool, ...] = ()
    numbers: tuple[int, ...] = ()


def answer_nats(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """(D,) negative log-likelihood of each document's labelled tokens, and (D,) how many these are."""
    assert batch.labels is not None
    select = (batch.labels != IGNORED).nonzero().squeeze(1)
    logits = at_least_float32(model(batch, select=select))
    nats = torch.nn.functional.cross_entropy(logits, batch.labels[select], reduction="none")
    documents = batch.documents[select]
    sums = nats.new_zeros(batch.num_documents).index_add(0, documents, nats)
    return sums, nats.new_zeros(batch.num_documents).index_add(0, documents, torch.ones_like(nats))
