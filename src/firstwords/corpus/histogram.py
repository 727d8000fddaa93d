"""Distributions as few numbers: bins whose edges meet the thresholds, and quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from firstwords.data.filter import Bounds

NUM_BINS = 16
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
# Beyond this multiple of the 95 % quantile, even bins would put nearly everything into the first.
SKEWED = 8.0


@dataclass(frozen=True)
class Counted:
    """Values by how often each occurs: of millions of documents there are few lengths.

    Attributes:
        values: (V,) float64, finite, rising.
        numbers: (V,) int64, how often each stands there.
    """

    values: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Counted:
        """Values one by one; what is missing or infinite is left out."""
        return cls(*np.unique(values[np.isfinite(values)].astype(np.float64), return_counts=True))

    @classmethod
    def together(cls, parts: Sequence[Counted]) -> Counted:
        """All values of several."""
        values = np.concatenate([np.empty(0), *(part.values for part in parts)])
        numbers = np.concatenate([np.empty(0, np.int64), *(part.numbers for part in parts)])
        distinct, places = np.unique(values, return_inverse=True)
        sums = np.zeros(len(distinct), np.int64)
        np.add.at(sums, places, numbers)
        return cls(distinct, sums)

    def __len__(self) -> int:
        return int(self.numbers.sum())

    def sum(self) -> float:
        """Of all values."""
        return float(self.values @ self.numbers)

    def at(self, places: np.ndarray) -> np.ndarray:
        """The values at some places, from 0, of all in order."""
        found: np.ndarray = self.values[np.searchsorted(np.cumsum(self.numbers), places, "right")]
        return found

    def quantile(self, share: float) -> float:
        """Between two values where the place is between them."""
        place = (len(self) - 1) * share
        low, high = self.at(np.array([math.floor(place), math.ceil(place)]))
        return float(low + (high - low) * (place - math.floor(place)))


@dataclass(frozen=True)
class Histogram:
    """How many values lie between neighbouring edges (the last edge included), by group.

    `counts` maps a group (`kept`, `dropped`) to one number for each bin. `marks` are indices into `edges` where a
    threshold lies.
    """

    edges: list[float]
    counts: dict[str, list[int]]
    marks: list[int]

    @property
    def totals(self) -> list[int]:
        """Values in each bin, of all groups."""
        return [sum(column) for column in zip(*self.counts.values(), strict=True)]


def histogram(
    groups: Mapping[str, np.ndarray | Counted], bounds: Bounds = (None, None), num_bins: int = NUM_BINS
) -> Histogram:
    """Bins over the values of all groups; values that are missing or infinite are left out.

    Args:
        groups: Name to values.
        bounds: Thresholds: one inside the range becomes an edge, so that no bin holds both sides of it.
        num_bins: About so many bins.
    """
    counted = {name: each if isinstance(each, Counted) else Counted.of(each) for name, each in groups.items()}
    values = Counted.together(list(counted.values()))
    if not len(values):
        return Histogram([], {name: [] for name in groups}, [])
    edges = np.unique(_edges(values, num_bins))  # the smallest numbers have nothing between them
    marks: list[float] = []
    for bound, is_low in ((bounds[0], True), (bounds[1], False)):
        if bound is None or not edges[0] < bound < edges[-1]:
            continue
        # An upper bound is still accepted, so the edge lies just behind it.
        place = bound if is_low else float(np.nextafter(bound, np.inf))
        edges = _with_edge(edges, place, marks)
        marks.append(place)
    counts = {
        name: np.histogram(each.values, edges, weights=each.numbers)[0].astype(np.int64).tolist()
        for name, each in counted.items()
    }
    return Histogram(edges.tolist(), counts, [int(np.flatnonzero(edges == place)[0]) for place in marks])


def quantiles(values: np.ndarray | Counted) -> dict[str, float]:
    """Share (`0.05`) to the value below which that share lies; empty without values."""
    counted = values if isinstance(values, Counted) else Counted.of(values)
    if not len(counted):
        return {}
    # A value that occurs, so that a count of words stays whole.
    found = counted.at(np.rint((len(counted) - 1) * np.array(QUANTILES)).astype(np.int64))
    return {f"{share:g}": float(value) for share, value in zip(QUANTILES, found, strict=True)}


def _edges(counted: Counted, num_bins: int) -> np.ndarray:
    values = counted.values
    low, high = float(values[0]), float(values[-1])
    if low == high:
        width = abs(low) or 1.0
        return np.array([low, low + width / 2, low + width])
    whole = bool((values == np.round(values)).all())
    common = counted.quantile(0.95)
    if low >= 0 and whole and high > SKEWED * max(1.0, counted.quantile(0.5)):
        # Counts: equal ratios. Zero has no logarithm and gets a bin of its own.
        first = max(low, 1.0)
        edges = np.unique(np.round(np.geomspace(first, high, num_bins + 1)))
        return np.concatenate(([0.0], edges)) if low < 1 else edges
    if low >= 0 and 0 < SKEWED * common < high:
        # A long tail is one bin, the last.
        return np.append(np.linspace(low, 2 * common, num_bins), high)
    if whole and high - low < num_bins:
        return np.append(np.arange(low, high + 1), high + 1)
    return np.linspace(low, high, num_bins + 1)


def _with_edge(edges: np.ndarray, place: float, fixed: list[float]) -> np.ndarray:
    """The edges with one at a place: the nearest inner edge moves there unless it is fixed, or a new one is added."""
    if place in edges:
        return edges
    inner = edges[1:-1]
    if len(inner):
        nearest = int(np.argmin(np.abs(inner - place))) + 1
        moved = edges.copy()
        moved[nearest] = place
        if edges[nearest] not in fixed and (np.diff(moved) > 0).all():
            return moved
    return np.sort(np.append(edges, place))
