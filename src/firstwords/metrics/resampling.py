"""Units, resamples and quantiles: what intervals and tests are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Figure = Callable[[Floats], Floats]
"""From sums (..., K) to figures (...)."""

_MOST_DEGREES = 10_000
_CHUNK_DRAWS = 4_000_000  # drawn counts held at once: 32 MB


def add_up(statistics: ArrayLike, groups: Sequence[Any] | None) -> Floats:
    """Rows of one unit added up: (N, K) items to (G, K) units, in the order in which groups first appear.

    Raises:
        ValueError: If there are no items or not exactly one group per item.
    """
    rows = np.asarray(statistics, dtype=np.float64)
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"expected a non-empty table of per-item statistics (items, columns), got {rows.shape}")
    if groups is None:
        return rows
    if len(groups) != len(rows):
        raise ValueError(f"{len(groups)} groups for {len(rows)} items: every item needs one")
    index: dict[Any, int] = {}
    positions = np.array([index.setdefault(group, len(index)) for group in groups])
    units = np.zeros((len(index), rows.shape[1]))
    np.add.at(units, positions, rows)
    return units


def resample(units: Floats, figure: Figure, num_resamples: int, seed: int) -> Floats:
    """Figures of `num_resamples` draws with replacement from the units (G, K): (num_resamples,)."""
    draws = np.random.default_rng(seed)
    # Equal rows are interchangeable: counting distinct ones makes accuracy over any number of items two columns.
    distinct, multiplicity = np.unique(units, axis=0, return_counts=True)
    few_distinct = 20 * len(distinct) < len(units)  # a binomial draw costs about 20 drawn indices
    chunk = max(1, _CHUNK_DRAWS // (len(distinct) if few_distinct else len(units)))
    replicates = np.empty(num_resamples)
    for start in range(0, num_resamples, chunk):
        size = min(chunk, num_resamples - start)
        if few_distinct:
            counts = draws.multinomial(len(units), multiplicity / len(units), size=size)  # (size, distinct)
            sums = counts @ distinct
        else:
            drawn = draws.integers(0, len(units), size=(size, len(units)))
            drawn += len(units) * np.arange(size)[:, None]
            counts = np.bincount(drawn.ravel(), minlength=size * len(units)).reshape(size, len(units))
            sums = counts @ units
        replicates[start : start + size] = figure(sums)
    if not np.isfinite(replicates).all():
        raise ValueError("the figure of a resample is not a finite number: too few units carry what it divides by")
    return replicates


def jackknife_error(units: Floats, figure: Figure) -> float:
    """Standard error of a figure from leaving out one unit at a time (Efron and Tibshirani 1993, chapter 11)."""
    left_out = figure(units.sum(axis=0) - units)  # (G,)
    return math.sqrt((len(units) - 1) / len(units) * float(((left_out - left_out.mean()) ** 2).sum()))


def quantiles(replicates: Floats, z: Floats) -> tuple[float, float]:
    """The replicates at two normal quantiles."""
    low, high = np.quantile(replicates, [NormalDist().cdf(each) for each in z])
    return float(low), float(high)


def widened_normal_quantiles(level: float, num_units: int) -> Floats:
    """Two normal quantiles widened to Student's t and by sqrt(G / (G - 1)), the bootstrap's narrowness (Hesterberg)."""
    widening = math.sqrt(num_units / (num_units - 1))
    upper = widening * student_quantile((1 + level) / 2, num_units - 1)
    return np.array([-upper, upper])


@cache
def student_quantile(probability: float, degrees: int) -> float:
    """Quantile of Student's t distribution, to about 1e-6 relative for probabilities from 0.001 to 0.999.

    With x = sqrt(degrees) tan(angle) the density becomes cos(angle) ** (degrees - 1), smooth on a finite range.
    """
    if degrees > _MOST_DEGREES:  # the grid would be too coarse; the first term of the expansion is exact to 1e-8 there
        z = NormalDist().inv_cdf(probability)
        return z + (z**3 + z) / (4 * degrees)
    angles, cumulative = _student_grid(degrees)
    return math.sqrt(degrees) * math.tan(float(np.interp(probability, cumulative, angles)))


def student_p_value(t: float, degrees: int) -> float:
    """Two-sided p-value of a t statistic, for at most 10,000 degrees of freedom."""
    angles, cumulative = _student_grid(degrees)
    return 2 * (1 - float(np.interp(math.atan(abs(t) / math.sqrt(degrees)), angles, cumulative)))


@cache
def _student_grid(degrees: int) -> tuple[Floats, Floats]:
    """Angles and the probability below each."""
    angles = np.linspace(-math.pi / 2, math.pi / 2, 100_001)
    density = np.cos(angles).clip(0.0) ** (degrees - 1)
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return angles, cumulative / cumulative[-1]
