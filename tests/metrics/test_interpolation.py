"""Mixing two models: the mixture by hand, and the weight that no other beats."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.interpolation import best_weight, interpolate

log_probabilities = st.floats(-800, -1e-3)


def test_mixes_probabilities_not_logarithms():
    mixed = interpolate(np.log([0.5, 0.1]), np.log([0.25, 0.3]), 0.2)
    np.testing.assert_allclose(np.exp(mixed), [0.3, 0.26])


def test_a_weight_of_nothing_or_all_leaves_one_model():
    first, second = np.log([0.5, 0.1]), np.log([0.25, 0.3])
    np.testing.assert_allclose(interpolate(first, second, 1.0), first)
    np.testing.assert_allclose(interpolate(first, second, 0.0), second)


def test_equally_good_models_share_alike():
    first, second = np.log([0.8, 0.2]), np.log([0.2, 0.8])
    assert math.isclose(best_weight(first, second), 0.5, abs_tol=1e-9)


def test_a_model_that_is_always_better_takes_all():
    better, worse = np.log([0.5, 0.4]), np.log([0.4, 0.1])
    assert best_weight(better, worse) == 1
    assert best_weight(worse, better) == 0


@given(pairs=st.lists(st.tuples(log_probabilities, log_probabilities), min_size=1, max_size=20))
def test_no_weight_is_better_than_the_best(pairs):
    first, second = np.array(pairs).T
    weight = best_weight(first, second)
    assert 0 <= weight <= 1
    best = interpolate(first, second, weight).sum()
    for other in np.linspace(0, 1, 101):
        # Sums of up to 20 numbers of up to 800 are exact to about 1e-11.
        assert best >= interpolate(first, second, other).sum() - 1e-9


def test_different_tokens_are_refused():
    with pytest.raises(ValueError, match="different tokens"):
        interpolate(np.zeros(2), np.zeros(3), 0.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        interpolate(np.zeros(2), np.zeros(2), 1.5)
    for first, second in ((np.zeros(0), np.zeros(0)), (np.zeros(2), np.zeros(3))):
        with pytest.raises(ValueError, match="same tokens"):
            best_weight(first, second)
