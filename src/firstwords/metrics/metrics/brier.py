"""Mean squared distance between the probabilities of all labels and the truth: rewards being right and being honest."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Brier(Metric):
    """Reads the column `squared_error`: the sum over labels of (probability - truth)^2, 0 to 2 (Brier 1950)."""

    label: ClassVar[str] = "Brier {}"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 2.0)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): squared error, 1."""
        errors = np.asarray(items["squared_error"], dtype=np.float64)
        return np.stack([errors, np.ones(len(errors))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the items."""
        return np.asarray(sums[..., 0] / sums[..., 1])
