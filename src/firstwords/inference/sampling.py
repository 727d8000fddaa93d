"""Choosing the next token from a model's logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from firstwords.errors import NumericFailure, RecipeError


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is drawn. The rules apply in this order, as in transformers.

    Attributes:
        temperature: Logits are divided by it; 0 = always the likeliest token.
        top_k: Only so many of the likeliest tokens; 0 = all.
        top_p: Only the likeliest tokens that together reach this probability; 1 = all.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise RecipeError(f"temperature is {self.temperature}; it must be 0 or a positive number")
        if self.top_k < 0:
            raise RecipeError(f"top_k is {self.top_k}; it must be 0 (all tokens) or more")
        if not 0 < self.top_p <= 1:
            raise RecipeError(f"top_p is {self.top_p}; it must be above 0 and at most 1")


GREEDY = Sampling(temperature=0.0)


def choose(logits: Tensor, sampling: Sampling, draws: np.ndarray) -> list[int]:
    """One token a row.

    Args:
        logits: (D, vocabulary)
        sampling: The rule.
        draws: (D,) uniform random numbers in [0, 1), one a row; unused at temperature 0.

    Raises:
        NumericFailure: If a logit is not a number.
    """
    if bool(torch.isnan(logits).any()):
        raise NumericFailure("the model's logits are not numbers; its weights are damaged or training has diverged")
    if sampling.temperature == 0:
        chosen: list[int] = logits.argmax(dim=1).tolist()
        return chosen
    # Double precision: the order of a sum over thousands of entries must not decide what is drawn.
    scaled = logits.double().div(sampling.temperature)
    ordered, tokens = scaled.sort(dim=1, descending=True, stable=True)
    if sampling.top_k:
        ordered, tokens = ordered[:, : sampling.top_k], tokens[:, : sampling.top_k]
    cumulative = torch.softmax(ordered, dim=1).cumsum(dim=1)
    result = []
    for row, draw in enumerate(draws.tolist()):
        sums = cumulative[row].cpu().numpy()
        # The token that crosses the line is kept, so at least one is.
        kept = min(int(np.searchsorted(sums, sampling.top_p)) + 1, len(sums))
        place = int(np.searchsorted(sums[:kept], draw * sums[kept - 1], side="right"))
        result.append(int(tokens[row, min(place, kept - 1)]))
    return result
