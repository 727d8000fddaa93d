"""What a comparison can show: how many items a difference needs, the smallest difference that so many items show.

All at the usual five per cent of false alarms (two-sided) and at 80 % of true differences found, unless said otherwise.
Source: Miller 2024 (evaluations as experiments), section 5; Connor 1987 and Miettinen 1968 (paired shares).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from firstwords.metrics.resampling import Figure, Floats, add_up

ALARM = 0.05
POWER = 0.8


@dataclass(frozen=True)
class Strength:
    """What a finished comparison could have shown.

    Attributes:
        effect_size: The difference in standard deviations of a unit's contribution to it (Cohen's d: of the differences
            where units are paired, else of both samples, pooled); 0.2 is small, 0.5 medium, 0.8 large. Nan where all
            units contribute alike or there are fewer than two.
        standard_error: Of the difference.
        smallest_difference: The smallest true difference that so many units find in 80 of 100 comparisons.
        num_units: Units compared; of the smaller sample where they are not paired.
    """

    effect_size: float
    standard_error: float
    smallest_difference: float
    num_units: int

    def units_for(self, difference: float) -> int:
        """How many units like these would be needed to find a difference.

        Raises:
            ValueError: If the difference is 0, or the spread is unknown.
        """
        if difference == 0 or not math.isfinite(self.standard_error):
            raise ValueError("the number of units for a difference needs a difference and at least two units")
        deviation = self.standard_error * math.sqrt(self.num_units)
        return max(2, math.ceil((_reach() * deviation / difference) ** 2))


def paired_strength(
    first: ArrayLike, second: ArrayLike, figure: Figure, groups: Sequence[Any] | None = None
) -> Strength:
    """The strength of a comparison of two systems on the same items.

    Args:
        first: (N, K) statistics of the first system.
        second: (N, K) of the second one.
        figure: From sums (..., K) to figures (...).
        groups: One value per item; items of equal value are one unit.

    Raises:
        ValueError: If the tables differ in shape.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired systems need the same items: got tables {a.shape} and {b.shape}")
    columns = a.shape[1]

    def difference(sums: Floats) -> Floats:
        return figure(sums[..., :columns]) - figure(sums[..., columns:])

    units = add_up(np.concatenate([a, b], axis=1), groups)
    value = float(difference(units.sum(axis=0)))
    if len(units) < 2:
        return Strength(math.nan, math.nan, math.nan, len(units))
    deviation = _deviation(units, difference)
    error = deviation / math.sqrt(len(units))
    return Strength(_effect(value, deviation), error, _reach() * error, len(units))


def unpaired_strength(
    first: ArrayLike,
    second: ArrayLike,
    figure: Figure,
    groups: tuple[Sequence[Any] | None, Sequence[Any] | None] = (None, None),
) -> Strength:
    """The strength of a comparison of two systems on different items.

    Args:
        first: (N, K) statistics of the first system.
        second: (M, K) of the second one.
        figure: From sums (..., K) to figures (...).
        groups: For each of both, one value per item; items of equal value are one unit.
    """
    samples = [add_up(table, group) for table, group in zip((first, second), groups, strict=True)]
    value = float(figure(samples[0].sum(axis=0)) - figure(samples[1].sum(axis=0)))
    smaller = min(map(len, samples))
    if smaller < 2:
        return Strength(math.nan, math.nan, math.nan, smaller)
    deviations = [_deviation(units, figure) for units in samples]
    error = math.sqrt(sum(d**2 / len(units) for d, units in zip(deviations, samples, strict=True)))
    pooled = math.sqrt((deviations[0] ** 2 + deviations[1] ** 2) / 2)
    return Strength(_effect(value, pooled), error, _reach() * error, smaller)


def items_for_shares(difference: float, discordant: float, *, alarm: float = ALARM, power: float = POWER) -> int:
    """Items needed to find a difference of two shares on the same items.

    Args:
        difference: Of the shares: 0.02 for two points.
        discordant: Share of the items that just one of the two answers rightly; at least the difference. Two systems
            whose mistakes have nothing in common, of accuracies p and q: p (1 - q) + q (1 - p).
        alarm: Two-sided.
        power: Chance to find the difference.

    Raises:
        ValueError: If no two systems can have such shares.

    Source: Connor 1987.
    """
    size = abs(difference)
    if not 0 < size <= discordant <= 1:
        raise ValueError(f"a difference of {difference} cannot come from a share {discordant} of discordant items")
    z_alarm, z_power = NormalDist().inv_cdf(1 - alarm / 2), NormalDist().inv_cdf(power)
    root = z_alarm * math.sqrt(discordant) + z_power * math.sqrt(discordant - size**2)
    return math.ceil((root / size) ** 2)


def independent_discordance(first: float, second: float) -> float:
    """Share of items that just one of two systems answers rightly, if their mistakes have nothing in common."""
    return first * (1 - second) + second * (1 - first)


def _deviation(units: Floats, figure: Figure) -> float:
    """Standard deviation of what one unit moves a figure by, times their number: for a mean, of the units' values."""
    left_out = figure(units.sum(axis=0) - units)  # (G,)
    return float((len(units) - 1) * left_out.std(ddof=1))


def _effect(value: float, deviation: float) -> float:
    return value / deviation if deviation > 0 else math.nan


def _reach(alarm: float = ALARM, power: float = POWER) -> float:
    """Standard errors that a difference must measure."""
    return NormalDist().inv_cdf(1 - alarm / 2) + NormalDist().inv_cdf(power)
