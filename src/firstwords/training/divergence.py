"""How far two distributions of a model's outcomes are apart."""

from __future__ import annotations

from torch import Tensor


def divergence(wanted: Tensor, found: Tensor) -> Tensor:
    """Kullback-Leibler divergence in nats, summed over rows: what coding with `found` costs where `wanted` is true.

    Args:
        wanted: (M, K) log-probabilities.
        found: (M, K) log-probabilities.
    """
    return (wanted.exp() * (wanted - found)).sum()


def symmetric_divergence(one: Tensor, other: Tensor) -> Tensor:
    """Both ways added."""
    return divergence(one, other) + divergence(other, one)
