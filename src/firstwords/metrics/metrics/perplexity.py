"""Perplexity per token: among how many equally likely tokens the model seems to choose. Depends on the tokenizer."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Perplexity(Metric):
    """Reads the columns `nats` and `tokens` (predicted ones)."""

    label: ClassVar[str] = "perplexity {}"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (1.0, math.inf)
    depends_on: ClassVar[tuple[str, ...]] = ("tokens",)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): nats, tokens."""
        return np.array([items["nats"], items["tokens"]], dtype=np.float64).T

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exponential of the corpus mean: the mean of documents' perplexities would overweight short odd ones."""
        return np.exp(sums[..., 0] / sums[..., 1])
