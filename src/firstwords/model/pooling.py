"""Scores of a text from the scores of the documents it was cut into."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_of_documents(scores: Tensor, examples: Tensor | None) -> Tensor:
    """Mean scores of the documents of each example.

    Args:
        scores: (D, K) of every document.
        examples: (E + 1,) int64 bounds in documents; None where every document is an example.

    Returns:
        (E, K).
    """
    if examples is None or len(examples) - 1 == len(scores):
        return scores
    counts = examples[1:] - examples[:-1]
    owners = torch.repeat_interleave(torch.arange(len(counts), device=scores.device), counts)
    sums = scores.new_zeros(len(counts), scores.shape[1]).index_add(0, owners, scores)
    return sums / counts[:, None]
