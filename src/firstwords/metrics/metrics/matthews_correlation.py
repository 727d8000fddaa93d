"""Correlation of gold and given labels: 0 for any answer that does not look, however unequal the classes are."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.classification import label_counts
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class MatthewsCorrelation(Metric):
    """Reads the columns `gold` and `predicted`; of any number of classes.

    Source: Gorodkin 2004 (R_K); as scikit-learn, 0 where one side names a single class.
    """

    label: ClassVar[str] = "MCC {}"
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3 L + 1): for every class whether it is matched, gold, predicted; 1."""
        labels = sorted(set(items["gold"]) | set(items["predicted"]))
        counts = label_counts(items["gold"], items["predicted"], labels)
        return np.concatenate([counts, np.ones((len(counts), 1))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of the two over the root of both variances."""
        matched, gold, predicted = np.split(np.asarray(sums[..., :-1], dtype=np.float64), 3, axis=-1)
        total = sums[..., -1]
        together = matched.sum(axis=-1) * total - (gold * predicted).sum(axis=-1)
        spread = (total**2 - (gold**2).sum(axis=-1)) * (total**2 - (predicted**2).sum(axis=-1))
        return np.asarray(together / np.sqrt(np.where(spread > 0, spread, math.inf)))
