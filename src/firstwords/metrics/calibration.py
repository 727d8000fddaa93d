"""How far probabilities can be believed, and the one number that makes them more believable.

A classifier is calibrated when of the answers it gives with probability 0.8 eight in ten are right (Guo et al. 2017).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LARGEST_TEMPERATURE = 100.0


def scaled(log_probabilities: ArrayLike, temperature: float) -> Floats:
    """(N, K) log-probabilities divided by a temperature and normalised again."""
    logits = np.asarray(log_probabilities, dtype=np.float64) / temperature
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def fit_temperature(log_probabilities: ArrayLike, gold: ArrayLike) -> float:
    """The temperature under which gold labels are likeliest; 1 changes nothing, larger is less sure.

    The loss is convex in the inverse temperature, so a search by golden sections finds the only minimum.

    Args:
        log_probabilities: (N, K) of texts that no figure is computed on.
        gold: (N,) columns of the true labels.

    Raises:
        ValueError: If there are no texts, or a log-probability is not a number.

    Source: Guo et al. 2017, section 4.2.
    """
    table, columns = np.asarray(log_probabilities, dtype=np.float64), np.asarray(gold)
    if not len(table) or np.isnan(table).any():
        raise ValueError("a temperature is fitted on at least one text whose log-probabilities are numbers")
    rows = np.arange(len(table))

    def loss(inverse: float) -> float:
        return float(-scaled(table, 1 / inverse)[rows, columns].mean())

    low, high = 1 / LARGEST_TEMPERATURE, LARGEST_TEMPERATURE
    ratio = (math.sqrt(5) - 1) / 2
    # On a logarithmic scale: a temperature of 10 is as far from 1 as one of a tenth.
    low, high = math.log(low), math.log(high)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(math.exp(left)), loss(math.exp(right))
    while high - low > 1e-6:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(math.exp(left))
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(math.exp(right))
    return 1 / math.exp((low + high) / 2)


def bin_edges(confidences: ArrayLike, num_bins: int, equal_mass: bool) -> Floats:
    """(num_bins - 1,) inner borders: of equal widths on [0, 1], or such that every bin holds as many confidences."""
    if not equal_mass:
        return np.arange(1, num_bins) / num_bins
    return np.asarray(np.quantile(np.asarray(confidences, dtype=np.float64), np.arange(1, num_bins) / num_bins))


def bin_statistics(confidences: ArrayLike, right: ArrayLike, edges: Floats) -> Floats:
    """(N, 3 B): for each bin the confidence of an item that falls into it, whether it is right, and 1."""
    values = np.asarray(confidences, dtype=np.float64)
    # A value on a border belongs to the lower bin, as in Guo et al. 2017: (0.9, 1.0] is the last one.
    place = np.searchsorted(edges, values, side="left")
    member = np.zeros((len(values), len(edges) + 1))
    member[np.arange(len(values)), place] = 1.0
    return np.concatenate([member * values[:, None], member * np.asarray(right, float)[:, None], member], axis=1)


def error_from_bins(sums: Floats) -> Floats:
    """Expected calibration error from summed `bin_statistics` (..., 3 B): (...).

    The mean over items of the distance between confidence and accuracy of their bin.
    """
    confidence, right, number = np.split(np.asarray(sums, dtype=np.float64), 3, axis=-1)
    return np.asarray(np.abs(confidence - right).sum(axis=-1) / number.sum(axis=-1))
