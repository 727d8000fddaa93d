"""Accuracy with the least fortunate of several draws of examples: what one must reckon with."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class WorstDraw(Metric):
    """Reads the columns `gold`, `predicted` and `draw` (numbers from 0)."""

    label: ClassVar[str] = "worst {}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2D): right, in the column of its draw; 1, in the column D behind it."""
        draws = np.array(items["draw"], dtype=np.int64)
        number = int(draws.max(initial=-1)) + 1
        found = np.zeros((len(draws), 2 * number))
        rows = np.arange(len(draws))
        found[rows, draws] = [float(g == p) for g, p in zip(items["gold"], items["predicted"], strict=True)]
        found[rows, number + draws] = 1.0
        return found

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The lowest share of right ones; a draw that a resample left without items is passed over."""
        right, counts = np.split(sums, 2, axis=-1)
        shares = np.where(counts > 0, right / np.maximum(counts, 1.0), np.inf)
        return np.asarray(shares.min(axis=-1))
