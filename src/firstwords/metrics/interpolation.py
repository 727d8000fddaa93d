"""Two models of the same tokens mixed with one weight, chosen on text that neither was trained or is judged on."""

from __future__ import annotations

import numpy as np

_HALVINGS = 60  # to below the precision of a float


def interpolate(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    """Log probabilities of the mixture `weight x first + (1 - weight) x second`.

    Args:
        first: (N,) nats, what one model gives each token.
        second: (N,) nats, what the other gives the same tokens.
        weight: Of the first, 0 to 1.

    Raises:
        ValueError: If the shapes differ or the weight is out of range.
    """
    if first.shape != second.shape:
        raise ValueError(f"the models scored different tokens: {first.shape} and {second.shape}")
    if not 0 <= weight <= 1:
        raise ValueError(f"weight {weight} is not between 0 and 1")
    with np.errstate(divide="ignore"):  # log(0): a weight of 0 or 1 leaves one model alone
        return np.logaddexp(first + np.log(weight), second + np.log1p(-weight))


def best_weight(first: np.ndarray, second: np.ndarray) -> float:
    """The weight of `first` that makes the tokens likeliest.

    The log likelihood is concave in the weight, so where its slope changes sign is the only maximum; it is found by
    halving.

    Args:
        first: (N,) nats on validation text.
        second: (N,) nats on the same tokens.

    Raises:
        ValueError: If the shapes differ or there are no tokens.
    """
    if first.shape != second.shape or first.size == 0:
        raise ValueError(f"needs the same tokens scored by both models: {first.shape} and {second.shape}")
    # Over the larger of both, so that neither of two very unlikely tokens becomes 0 / 0.
    largest = np.maximum(first, second)
    one, other = np.exp(first - largest), np.exp(second - largest)

    def slope(weight: float) -> float:
        mixture = weight * one + (1 - weight) * other
        # At the ends a token that one model finds impossible gives an infinite slope, whose sign is right.
        with np.errstate(divide="ignore", over="ignore"):
            return float(np.sum((one - other) / mixture))

    low, high = 0.0, 1.0
    if slope(high) >= 0:
        return high
    if slope(low) <= 0:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2
