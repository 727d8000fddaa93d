"""What an attack did beside lowering the score: how often it succeeded, what it took and what it changed."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric

Score = Literal["lost", "success", "queries", "changed"]

_LABELS: dict[Score, str] = {
    "lost": "lost {}",
    "success": "success {}",
    "queries": "{} queries",
    "changed": "words changed {}",
}


@dataclass(frozen=True, kw_only=True)
class AttackScore(Metric):
    """Reads the columns `was_right`, `is_right`, `queries`, `changed`.

    Attributes:
        score: `lost`: share of all items that were right before the attack and are not after it. `success`: the same
            among those that were right. `queries`: mean number of texts that the model was asked about, among those
            that were right. `changed`: mean share of the words that were changed where the attack succeeded.
    """

    label: ClassVar[str] = "{}"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, np.inf)

    score: Score = "success"

    @property
    def name(self) -> str:
        """Its key in `results.json`."""
        return f"attack_{self.score}"

    @property
    def shown_as(self) -> str:
        """How a table shows it."""
        return _LABELS[self.score]

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): what is summed, what it is divided by."""
        before = np.array(items["was_right"], dtype=np.float64)
        fell = before * (1 - np.array(items["is_right"], dtype=np.float64))
        if self.score == "queries":
            return np.stack([np.array(items["queries"], dtype=np.float64) * before, before], axis=1)
        if self.score == "changed":
            return np.stack([np.array(items["changed"], dtype=np.float64) * fell, fell], axis=1)
        return np.stack([fell, before if self.score == "success" else np.ones(len(fell))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """A mean; 0 where there is nothing to divide by: an attack that never succeeds changed nothing."""
        return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1e-12) * (sums[..., 1] > 0))
