"""Confidence intervals and paired tests over per-item sufficient statistics.

Every figure of the project is a function of sums: accuracy of (correct, items), F1 of (matched, gold, predicted),
bits per byte of (nats, bytes). So one item is a short row of numbers, a resample is a weighted sum of rows, and ten
thousand resamples are one matrix product. Items that hang together (passages of a page, pages of a module) are added
up to one unit before anything is drawn: resampling them singly would pretend to more evidence than there is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firstwords.metrics.resampling import (
    Figure,
    Floats,
    add_up,
    jackknife_error,
    quantiles,
    resample,
    student_p_value,
    student_quantile,
    widened_normal_quantiles,
)

LEVEL = 0.95
NUM_RESAMPLES = 10_000
# Resampling three units can never leave their range: it covers 74 of 100 times where the jackknife covers 91. From six
# on both are equal, and the bootstrap needs no symmetry.
FEWEST_RESAMPLED = 6
UNBOUNDED = (-math.inf, math.inf)
SHARE = (0.0, 1.0)


@dataclass(frozen=True)
class Interval:
    """A figure with its confidence bounds; bounds are nan where fewer than two units make one unknowable.

    Attributes:
        value: The figure over all items.
        low: Lower bound.
        high: Upper bound.
        num_units: Units that were resampled (items, or groups of items).
        method: How the bounds were found: `bca`, `percentile`, `jackknife` (fewer than six units), `wilson` or `none`.
    """

    value: float
    low: float
    high: float
    num_units: int
    method: str


@dataclass(frozen=True)
class Difference:
    """A difference of two systems, first minus second, with bounds (nan if unknowable) and a two-sided p-value.

    Attributes:
        method: `paired bootstrap`, `unpaired bootstrap`, with fewer than six units `paired jackknife` or
            `unpaired jackknife`, with fewer than two `none`.
    """

    value: float
    low: float
    high: float
    p_value: float
    num_units: int
    method: str


def bootstrap(
    statistics: ArrayLike,
    figure: Figure,
    *,
    groups: Sequence[Any] | None = None,
    method: Literal["bca", "percentile"] = "percentile",
    bounds: tuple[float, float] = UNBOUNDED,
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> Interval:
    """A figure with its bootstrap interval, resampling whole groups.

    Args:
        statistics: (N, K), what each item adds to the sums.
        figure: From sums (..., K) to the figure (...), vectorised over leading axes.
        groups: One hashable value per item; items of equal value are drawn together. None: each item is a unit.
        method: `bca` corrects the percentile interval for bias and skew: better for figures that resampling shifts
            (macro-F1 of 12 classes, 300 items: covers 93 instead of 91 of 100), worse for ratios whose units differ
            widely in size (bits per byte of 300 log-normal documents: 92 instead of 93).
        bounds: Smallest and largest value the figure can have. For a share, (0, 1): where no resample differs (all
            right or all wrong), the interval is then Wilson's over the units instead of a point.
        level: Probability that the interval shall cover the truth.
        num_resamples: Resamples drawn.
        seed: Seed of the draws: equal arguments give equal bounds.

    Raises:
        ValueError: If there are no items, or a figure is not a finite number.

    Source: Efron and Tibshirani 1993, chapter 14 (BCa); Hesterberg 2015, section 3.3 (levels widened to those of
    Student's t, because resampling few units understates their spread).
    """
    units = add_up(statistics, groups)
    value = float(figure(units.sum(axis=0)))
    if not math.isfinite(value):
        raise ValueError(f"the figure over all {len(units)} units is {value}: it has no interval")
    if len(units) < 2:
        return Interval(value, math.nan, math.nan, len(units), "none")
    replicates = resample(units, figure, num_resamples, seed)
    if np.ptp(replicates) == 0:
        if bounds == SHARE and value in bounds:
            at_bound = wilson(round(value * len(units)), len(units), level=level)
            return Interval(value, at_bound.low, at_bound.high, len(units), "wilson")
        return Interval(value, value, value, len(units), method)
    if len(units) < FEWEST_RESAMPLED:
        half = student_quantile((1 + level) / 2, len(units) - 1) * jackknife_error(units, figure)
        return Interval(value, max(value - half, bounds[0]), min(value + half, bounds[1]), len(units), "jackknife")
    z = widened_normal_quantiles(level, len(units))
    if method == "bca":
        z = _bias_corrected(z, value, replicates, units, figure)
    low, high = quantiles(replicates, z)
    # Macro-F1 of rare classes: where a class is not drawn it does not count, and nearly all resamples are better.
    return Interval(value, min(low, value), max(high, value), len(units), method)


def paired_bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    figure: Figure,
    *,
    groups: Sequence[Any] | None = None,
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Difference of a figure between two systems that answered the same items in the same order.

    Both are resampled with the same draws, so what makes an item hard for both cancels.

    Args:
        first: (N, K) statistics of the first system.
        second: (N, K) statistics of the second one.
        figure: As in `bootstrap`.
        groups: As in `bootstrap`.
        level: Probability that the interval shall cover the true difference.
        num_resamples: Resamples drawn.
        seed: Seed of the draws.

    Returns:
        The difference with its percentile interval and a two-sided p-value: twice the share of resamples in which
        the difference has the other sign or none, at least 2 / (resamples + 1).

    Raises:
        ValueError: If the tables differ in shape.
    """
    a = np.asarray(first, dtype=np.float64)
    b = np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired systems need the same items: got tables {a.shape} and {b.shape}")
    num_columns = a.shape[1]

    def difference(sums: Floats) -> Floats:
        return figure(sums[..., :num_columns]) - figure(sums[..., num_columns:])

    units = add_up(np.concatenate([a, b], axis=1), groups)
    value = float(difference(units.sum(axis=0)))
    if len(units) < 2:
        return Difference(value, math.nan, math.nan, 1.0, len(units), "none")
    if len(units) < FEWEST_RESAMPLED:
        return _student_difference(value, jackknife_error(units, difference), len(units), level, "paired")
    replicates = resample(units, difference, num_resamples, seed)
    low, high = quantiles(replicates, widened_normal_quantiles(level, len(units)))
    return Difference(value, low, high, _sign_p_value(replicates), len(units), "paired bootstrap")


def unpaired_bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    figure: Figure,
    *,
    groups: tuple[Sequence[Any] | None, Sequence[Any] | None] = (None, None),
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Difference of a figure between two systems that answered different items, each resampled on its own.

    Args and returns as in `paired_bootstrap`; `groups` has one entry per system and `num_units` counts the smaller one.
    """
    both = [add_up(table, group) for table, group in zip((first, second), groups, strict=True)]
    values = [float(figure(units.sum(axis=0))) for units in both]
    value, num_units = values[0] - values[1], min(len(units) for units in both)
    if num_units < 2:
        return Difference(value, math.nan, math.nan, 1.0, num_units, "none")
    if num_units < FEWEST_RESAMPLED:
        error = math.hypot(*(jackknife_error(units, figure) for units in both))
        return _student_difference(value, error, num_units, level, "unpaired")
    one, other = (resample(units, figure, num_resamples, seed + number) for number, units in enumerate(both))
    low, high = quantiles(one - other, widened_normal_quantiles(level, num_units))
    return Difference(value, low, high, _sign_p_value(one - other), num_units, "unpaired bootstrap")


def wilson(successes: float, total: int, *, level: float = LEVEL) -> Interval:
    """Interval of a share of independent items; keeps its level near 0 and 1, where the bootstrap collapses.

    Raises:
        ValueError: If `total` is not positive or `successes` lies outside 0..total.

    Source: Wilson 1927; recommended by Brown, Cai and DasGupta 2001.
    """
    if total <= 0 or not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total} is not a share")
    share = successes / total
    z = NormalDist().inv_cdf((1 + level) / 2)
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    # The exact bound at 0 and 1 is the share itself; rounding would leave it 1e-17 beside.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == total else min(1.0, centre + half)
    return Interval(share, low, high, total, "wilson")


def mcnemar(first_correct: ArrayLike, second_correct: ArrayLike, *, mid_p: bool = True) -> float:
    """Two-sided p-value that two systems are equally often right, from the items where just one of them is.

    Args:
        first_correct: (N,) booleans of the first system.
        second_correct: (N,) booleans of the second one on the same items.
        mid_p: Count half of the observed outcome's probability: closer to its level than the exact test, which
            raises too few alarms. False: the exact test.

    Raises:
        ValueError: If the lengths differ.

    Source: McNemar 1947; Fagerland, Lydersen and Laake 2013 (mid-p).
    """
    a, b = np.asarray(first_correct, dtype=bool), np.asarray(second_correct, dtype=bool)
    if a.shape != b.shape:
        raise ValueError(f"paired systems need the same items: got {a.shape} and {b.shape}")
    only_first, only_second = int((a & ~b).sum()), int((~a & b).sum())
    num_discordant, fewer = only_first + only_second, min(only_first, only_second)
    if num_discordant == 0:
        return 1.0
    probabilities = np.exp(_log_binomial_half(num_discordant, np.arange(fewer + 1)))
    p_value = 2 * float(probabilities.sum())
    if mid_p:
        p_value -= float(probabilities[-1])
    return min(1.0, p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for being several, in the order given.

    Source: Holm 1979: the chance of any false alarm among all stays below the level.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


def _student_difference(value: float, error: float, num_units: int, level: float, kind: str) -> Difference:
    """A difference judged by Student's t, where units are too few to be resampled."""
    half = student_quantile((1 + level) / 2, num_units - 1) * error
    if error == 0:
        return Difference(value, value, value, 1.0 if value == 0 else 0.0, num_units, f"{kind} jackknife")
    p_value = student_p_value(value / error, num_units - 1)
    return Difference(value, value - half, value + half, p_value, num_units, f"{kind} jackknife")


def _bias_corrected(z: Floats, value: float, replicates: Floats, units: Floats, figure: Figure) -> Floats:
    """Quantiles moved by the bias and the skew of the figure (BCa)."""
    below = (np.sum(replicates < value) + np.sum(replicates <= value)) / 2
    # A figure outside all its resamples would give an infinite correction.
    bias = NormalDist().inv_cdf(min(max(below, 0.5), len(replicates) - 0.5) / len(replicates))
    left_out = figure(units.sum(axis=0) - units)  # (G,)
    deviations = left_out.mean() - left_out
    spread = float((deviations**2).sum())
    skew = float((deviations**3).sum()) / (6 * spread**1.5) if spread > 0 and np.isfinite(spread) else 0.0
    shifted = bias + z
    return np.asarray(bias + shifted / (1 - skew * shifted))


def _sign_p_value(differences: Floats) -> float:
    """Two-sided p-value from resampled differences: how rarely the sign turns."""
    smaller = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (smaller + 1) / (len(differences) + 1))


def _log_binomial_half(total: int, successes: NDArray[np.int64]) -> Floats:
    """Logarithm of the probability of each number of successes in `total` fair coin tosses."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])
    return np.asarray(
        log_factorial[total] - log_factorial[successes] - log_factorial[total - successes] - total * math.log(2)
    )
