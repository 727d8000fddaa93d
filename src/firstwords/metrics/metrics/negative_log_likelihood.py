"""Nats that a classifier needs for the true label: infinite for one sure mistake, so the sternest of the three."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class NegativeLogLikelihood(Metric):
    """Reads the column `nats`: minus the log-probability of the gold label."""

    label: ClassVar[str] = "{} nats/label"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): nats, 1."""
        nats = np.asarray(items["nats"], dtype=np.float64)
        return np.stack([nats, np.ones(len(nats))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the items."""
        return np.asarray(sums[..., 0] / sums[..., 1])
