"""The contract of a metric: what one item adds to some sums, and the figure that the sums give.

Everything else follows from these two: the figure of a run, its confidence interval (resampled sums), the comparison of
two runs (the same resamples for both), and the figure of any slice of the items.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.statistics import NUM_RESAMPLES, SHARE, Interval, bootstrap, wilson
from firstwords.recipe import Component, kind_of

Items = Mapping[str, Sequence[Any]]
"""Columns of a table with one row per item: the gold answer, the given one, or numbers about it."""


@dataclass(frozen=True, kw_only=True)
class Metric(Component):
    """Base of all metrics."""

    label: ClassVar[str]
    """How a table shows it, the figure in place of the braces: `accuracy {}`, `{} bits/byte`."""
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = SHARE
    """The smallest and the largest value it can have."""
    is_mean_of_yes_or_no: ClassVar[bool] = False
    """Each item is right or wrong, and the figure is the share of right ones."""
    depends_on: ClassVar[tuple[str, ...]] = ()
    """Columns that must be equal in two runs for their figures to be comparable: `tokens` of the same tokenizer."""
    interval_method: ClassVar[Literal["bca", "percentile"]] = "percentile"

    @property
    def name(self) -> str:
        """Its key in `results.json`."""
        return kind_of(type(self))

    @property
    def shown_as(self) -> str:
        """How a table shows it, as `label`."""
        return self.label

    @property
    def is_detail(self) -> bool:
        """Whether it is kept in the results but left out of the table."""
        return False

    @abstractmethod
    def statistics(self, items: Items) -> NDArray[np.float64]:
        """What each item adds to the sums: (N, K)."""

    @abstractmethod
    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The figure from sums (..., K), vectorised over leading axes: (...)."""

    # What follows is the same for every metric.

    def value(self, items: Items) -> float:
        """The figure over all items.

        Raises:
            ValueError: If there are no items.
        """
        statistics = self.statistics(items)
        if not len(statistics):
            raise ValueError(f"{self.name} of no items is undefined")
        return float(self.figure(statistics.sum(axis=0)))

    def interval(
        self,
        items: Items,
        groups: Sequence[Any] | None = None,
        seed: int = 0,
        num_resamples: int = NUM_RESAMPLES,
    ) -> Interval:
        """The figure with its 95 % interval.

        Args:
            items: The table.
            groups: One value per item; items of equal value are resampled together. Where no two items share one, or
                with None, each item is a unit, and a share of right items gets the Wilson interval.
            seed: Of the resampling.
            num_resamples: Resamples drawn; fewer where many intervals are told for orientation.
        """
        statistics = self.statistics(items)
        single = groups is None or len(set(groups)) == len(groups)
        if single and self.is_mean_of_yes_or_no and len(statistics):
            return wilson(float(statistics[:, 0].sum()), len(statistics))
        return bootstrap(
            statistics,
            self.figure,
            groups=groups,
            method=self.interval_method,
            bounds=self.bounds,
            num_resamples=num_resamples,
            seed=seed,
        )
