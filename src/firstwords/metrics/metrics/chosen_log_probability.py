"""How likely the preferred answers are themselves: a growing difference to the others can hide that both sink."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class ChosenLogProbability(Metric):
    """Reads the column `chosen`: the mean log-likelihood of an answer, in nats."""

    label: ClassVar[str] = "{} nats an answer"
    bounds: ClassVar[tuple[float, float]] = (-math.inf, 0.0)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): nats, 1."""
        nats = np.array(items["chosen"], dtype=np.float64)
        return np.stack([nats, np.ones(len(nats))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Nats per answer."""
        return np.asarray(sums[..., 0] / sums[..., 1])
