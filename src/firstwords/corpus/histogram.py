"""Distributions as few numbers: bins whose edges meet the thresholds, and quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from firstwords.data.filter import Bounds

NUM_BINS = 16
QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
# Beyond this multiple of the 95 % quantile, even bins would put nearly everything into the first.
SKEWED = 8.0


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


def histogram(groups: dict[str, np.ndarray], bounds: Bounds = (None, None), num_bins: int = NUM_BINS) -> Histogram:
    """Bins over the values of all groups; values that are missing or infinite are left out.

    Args:
        groups: Name to values.
        bounds: Thresholds: one inside the range becomes an edge, so that no bin holds both sides of it.
        num_bins: About so many bins.
    """
    groups = {name: values[np.isfinite(values)] for name, values in groups.items()}
    values = np.concatenate([np.empty(0), *groups.values()])
    if not len(values):
        return Histogram([], {name: [] for name in groups}, [])
    edges = _edges(values, num_bins)
    marks: list[float] = []
    for bound, is_low in ((bounds[0], True), (bounds[1], False)):
        if bound is None or not edges[0] < bound < edges[-1]:
            continue
        # An upper bound is still accepted, so the edge lies just behind it.
        place = bound if is_low else float(np.nextafter(bound, np.inf))
        edges = _with_edge(edges, place, marks)
        marks.append(place)
    counts = {name: np.histogram(each, edges)[0].tolist() for name, each in groups.items()}
    return Histogram(edges.tolist(), counts, [int(np.flatnonzero(edges == place)[0]) for place in marks])


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Share (`0.05`) to the value below which that share lies; empty without values."""
    values = values[np.isfinite(values)]
    if not len(values):
        return {}
    # A value that occurs, so that a count of words stays whole.
    found: Any = np.quantile(values, QUANTILES, method="nearest")
    return {f"{share:g}": float(value) for share, value in zip(QUANTILES, found, strict=True)}


def _edges(values: np.ndarray, num_bins: int) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    if low == high:
        width = abs(low) or 1.0
        return np.array([low, low + width / 2, low + width])
    whole = bool((values == np.round(values)).all())
    common = float(np.quantile(values, 0.95))
    if low >= 0 and whole and high > SKEWED * max(1.0, float(np.median(values))):
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
