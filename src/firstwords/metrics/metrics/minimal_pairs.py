"""How often the acceptable sentence of a pair is found likelier than the other; a tie is worth one half."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class MinimalPairs(Metric):
    """Reads the columns `good`, `bad` (log-likelihoods) and `phenomenon`."""

    label: ClassVar[str] = "minimal pairs {}"

    phenomenon: str | None = None
    """Only pairs of this phenomenon."""

    @property
    def name(self) -> str:
        """`minimal_pairs`, `minimal_pairs (island_effects)`."""
        return "minimal_pairs" + (f" ({self.phenomenon})" if self.phenomenon is not None else "")

    @property
    def shown_as(self) -> str:
        """As `label`."""
        return f"{self.phenomenon} {{}}" if self.phenomenon is not None else self.label

    @property
    def is_detail(self) -> bool:
        """The score of one phenomenon is."""
        return self.phenomenon is not None

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): 1, 1/2 or 0; 1. Both zero for pairs of another phenomenon.

        Raises:
            ValueError: If a log-likelihood is not a number.
        """
        good, bad = np.array(items["good"], dtype=np.float64), np.array(items["bad"], dtype=np.float64)
        if np.isnan(good).any() or np.isnan(bad).any():
            raise ValueError("the log-likelihood of a sentence is not a number")
        right = (good > bad) + 0.5 * (good == bad)
        counted = np.ones(len(good))
        if self.phenomenon is not None:
            counted = np.array([float(each == self.phenomenon) for each in items["phenomenon"]])
        return np.stack([right * counted, counted], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points per pair."""
        return np.asarray(sums[..., 0] / sums[..., 1])
