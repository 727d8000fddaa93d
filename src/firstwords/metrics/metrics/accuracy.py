"""Share of items whose answer is the gold one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Accuracy(Metric):
    """Reads the columns `gold` and `predicted`."""

    label: ClassVar[str] = "accuracy {}"
    is_mean_of_yes_or_no: ClassVar[bool] = True

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): right, 1."""
        right = [float(g == p) for g, p in zip(items["gold"], items["predicted"], strict=True)]
        return np.stack([np.array(right), np.ones(len(right))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Right ones per item."""
        return np.asarray(sums[..., 0] / sums[..., 1])
