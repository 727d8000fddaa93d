"""A figure over several training runs that differ in their seed alone: two sources of chance, told apart.

Items were drawn from many possible ones, and so were the seeds: an interval over items of one run says nothing about
the next seed, and the spread of seeds nothing about other items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from firstwords.metrics.resampling import Figure, add_up, jackknife_error, student_quantile
from firstwords.metrics.statistics import LEVEL, UNBOUNDED


@dataclass(frozen=True)
class OverSeeds:
    """The mean figure of several runs.

    Attributes:
        value: Mean over seeds.
        low, high: Its bounds over seeds and units together; nan with fewer than two of either.
        lowest, highest: Figures of the extreme seeds.
        seed_deviation: Standard deviation of the figure between seeds, on these items.
        item_error: Standard error of the mean figure from the drawing of items.
        num_seeds, num_units: How many there were.
    """

    value: float
    low: float
    high: float
    lowest: float
    highest: float
    seed_deviation: float
    item_error: float
    num_seeds: int
    num_units: int


def over_seeds(
    tables: Sequence[ArrayLike],
    figure: Figure,
    *,
    groups: Sequence[Any] | None = None,
    bounds: tuple[float, float] = UNBOUNDED,
    level: float = LEVEL,
) -> OverSeeds:
    """Mean figure of runs with other seeds on the same items, with an interval over both.

    The variances of seeds and items are added, which counts their interaction twice and so errs on the wide side; the
    degrees of freedom are Satterthwaite's.

    Args:
        tables: One (N, K) table of statistics a seed, the same items in the same order.
        figure: From sums (..., K) to figures (...).
        groups: One value per item; items of equal value are one unit.
        bounds: Smallest and largest value the figure can have.
        level: Of the interval.

    Raises:
        ValueError: If there is no table, or their shapes differ.
    """
    stacked = [np.asarray(table, dtype=np.float64) for table in tables]
    if not stacked or len({table.shape for table in stacked}) != 1:
        raise ValueError("runs with other seeds need the same items, at least one run")
    columns = stacked[0].shape[1]
    units = add_up(np.concatenate(stacked, axis=1), groups)

    def mean(sums: Any) -> Any:
        parts = [figure(sums[..., start : start + columns]) for start in range(0, sums.shape[-1], columns)]
        return np.mean(parts, axis=0)

    figures = np.array([float(figure(table.sum(axis=0))) for table in stacked])
    value, number = float(figures.mean()), len(stacked)
    deviation = float(figures.std(ddof=1)) if number > 1 else math.nan
    error = jackknife_error(units, mean) if len(units) > 1 else math.nan
    low = high = math.nan
    if number > 1 and len(units) > 1:
        parts = (deviation**2 / number, error**2)
        total = sum(parts)
        if total > 0:
            freedom = total**2 / (parts[0] ** 2 / (number - 1) + parts[1] ** 2 / (len(units) - 1))
            half = student_quantile((1 + level) / 2, max(1, math.floor(freedom))) * math.sqrt(total)
        else:
            half = 0.0
        low, high = max(bounds[0], value - half), min(bounds[1], value + half)
    extremes = float(figures.min()), float(figures.max())
    return OverSeeds(value, low, high, *extremes, deviation, error, number, len(units))
