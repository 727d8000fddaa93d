"""How well probabilities order items: the area under the ROC curve, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firstwords.metrics.statistics import LEVEL, NUM_RESAMPLES, Interval

Floats = NDArray[np.float64]


def auc(is_positive: ArrayLike, scores: ArrayLike) -> float:
    """The chance that a positive item has a higher score than a negative one; ties count half.

    Args:
        is_positive: (N,) booleans, both values present.
        scores: (N,) numbers.

    Raises:
        ValueError: If one kind of item is missing.

    Source: Hanley and McNeil 1982.
    """
    return float(_weighted_auc(*_sorted(is_positive, scores)))


def auc_interval(
    is_positive: ArrayLike,
    scores: ArrayLike,
    *,
    groups: Sequence[Any] | None = None,
    level: float = LEVEL,
    num_resamples: int = NUM_RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The area with its percentile bootstrap interval.

    Args:
        is_positive, scores: As for `auc`.
        groups: One value for each item: items of equal value (pages of a site) are resampled together.
        level: Of the interval.
        num_resamples: Resamples; those in which one kind of item is missing are drawn again.
        seed: Of the resampling.
    """
    positive, ends, order = _sorted(is_positive, scores)
    names = list(range(len(order))) if groups is None else list(groups)
    number = {name: index for index, name in enumerate(dict.fromkeys(names))}
    group = np.array([number[name] for name in names])[order]
    draws = np.random.default_rng(seed)
    replicates = np.empty(num_resamples)
    for index in range(num_resamples):
        while True:
            drawn = draws.integers(0, len(number), len(number))
            weights = np.bincount(drawn, minlength=len(number))[group].astype(np.float64)
            if weights[positive].any() and weights[~positive].any():
                break
        replicates[index] = _weighted_auc(positive, ends, order, weights)
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    value = float(_weighted_auc(positive, ends, order))
    return Interval(value, float(low), float(high), len(number), "percentile")


def mean_auc(gold: Sequence[str], probabilities: Floats, labels: Sequence[str]) -> float:
    """Mean over the labels that occur of the area of each against the rest; of two labels it is the area of either.

    Args:
        gold: (N,) true labels, at least two different ones.
        probabilities: (N, L), columns as `labels`.
    """
    there = [index for index, label in enumerate(labels) if label in set(gold)]
    areas = [auc([each == labels[index] for each in gold], probabilities[:, index]) for index in there]
    return float(np.mean(areas))


def _sorted(is_positive: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.int64], Any]:
    """Items in the order of their scores: whether each is positive, the last place of each run of equal scores for
    each item, and the order.
    """
    positive, values = np.asarray(is_positive, bool), np.asarray(scores, np.float64)
    if positive.all() or not positive.any():
        raise ValueError("the area under the curve needs positive and negative items")
    order = np.argsort(values, kind="stable")
    ends = np.searchsorted(values[order], values[order], side="right") - 1
    return positive[order], ends, order


def _weighted_auc(positive: Any, ends: Any, order: Any, weights: Floats | None = None) -> float:
    weights = np.ones(len(order)) if weights is None else weights
    negative = np.cumsum(np.where(positive, 0.0, weights))
    # Negatives below an item, and half of those level with it: means over its run of equal scores.
    starts = np.searchsorted(ends, ends, side="left")
    below = np.where(starts > 0, negative[starts - 1], 0.0)
    placed = (below + negative[ends]) / 2
    total = weights[positive].sum() * negative[-1]
    return float((weights[positive] * placed[positive]).sum() / total)
