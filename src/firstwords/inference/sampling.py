"""Choosing the next token from a model's logits."""

from __future__ import annotations

from collections.abc import Sequence
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
        min_p: Only tokens at least this share as probable as the likeliest one; 0 = all (Nguyen et al. 2024).
        repetition_penalty: The logit of every token that stands in the text so far, prompt included, is divided by it
            where it is positive and multiplied where it is negative, before everything else, also at temperature 0;
            how often a token stands there does not count. 1 = none (Keskar et al. 2019, section 4.1).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise RecipeError(f"temperature is {self.temperature}; it must be 0 or a positive number")
        if self.top_k < 0:
            raise RecipeError(f"top_k is {self.top_k}; it must be 0 (all tokens) or more")
        if not 0 < self.top_p <= 1:
            raise RecipeError(f"top_p is {self.top_p}; it must be above 0 and at most 1")
        if not 0 <= self.min_p <= 1:
            raise RecipeError(f"min_p is {self.min_p}; it must be from 0 (all tokens) to 1")
        if not 0 < self.repetition_penalty < float("inf"):
            raise RecipeError(f"repetition_penalty is {self.repetition_penalty}; it must be positive, 1 for none")


GREEDY = Sampling(temperature=0.0)


def choose(logits: Tensor, sampling: Sampling, draws: np.ndarray, texts: Sequence[Sequence[int]] = ()) -> list[int]:
    """One token a row.

    Args:
        logits: (D, vocabulary)
        sampling: The rule.
        draws: (D,) uniform random numbers in [0, 1), one a row; unused at temperature 0.
        texts: The tokens of each row's text so far; needed by a repetition penalty only.

    Raises:
        NumericFailure: If a logit is not a number.
    """
    if bool(torch.isnan(logits).any()):
        raise NumericFailure("the model's logits are not numbers; its weights are damaged or training has diverged")
    if sampling.repetition_penalty != 1:
        logits = _penalised(logits, sampling.repetition_penalty, texts)
    if sampling.temperature == 0:
        chosen: list[int] = logits.argmax(dim=1).tolist()
        return chosen
    # Double precision: the order of a sum over thousands of entries must not decide what is drawn.
    scaled = logits.double().div(sampling.temperature)
    ordered, tokens = _candidates(scaled, sampling)
    cumulative = torch.softmax(ordered, dim=1).cumsum(dim=1)
    # Relative to the likeliest token, a probability does not depend on what else is left.
    likely = (ordered - ordered[:, :1]).exp_().ge_(sampling.min_p).sum(1).tolist() if sampling.min_p else None
    result = []
    for row, draw in enumerate(draws.tolist()):
        sums = cumulative[row].cpu().numpy()
        # The token that crosses the line is kept, so at least one is.
        kept = min(int(np.searchsorted(sums, sampling.top_p)) + 1, len(sums))
        if likely is not None:
            kept = min(kept, int(likely[row]))
        place = int(np.searchsorted(sums[:kept], draw * sums[kept - 1], side="right"))
        result.append(int(tokens[row, min(place, kept - 1)]))
    return result


def _candidates(scaled: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """(D, K) logits and tokens in falling order, the smaller id first among equals: all, or the `top_k` likeliest."""
    ordered, tokens = scaled.sort(dim=1, descending=True, stable=True)
    return (ordered[:, : sampling.top_k], tokens[:, : sampling.top_k]) if sampling.top_k else (ordered, tokens)


def _penalised(logits: Tensor, penalty: float, texts: Sequence[Sequence[int]]) -> Tensor:
    logits = logits.clone()
    for row, text in zip(logits, texts, strict=True):
        seen = torch.as_tensor(np.unique(np.asarray(text, dtype=np.int64)), device=logits.device)
        scores = row[seen]
        row[seen] = torch.where(scores > 0, scores / penalty, scores * penalty)
    return logits
