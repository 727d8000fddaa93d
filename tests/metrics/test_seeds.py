import math

import numpy as np
import pytest

from firstwords.metrics.seeds import over_seeds
from firstwords.metrics.statistics import SHARE


def share(sums):
    return sums[..., 0] / sums[..., 1]


def table(right):
    return np.stack([np.asarray(right, float), np.ones(len(right))], axis=1)


def test_the_mean_and_the_extremes():
    found = over_seeds([table([1, 1, 0, 0]), table([1, 1, 1, 0])], share)
    assert (found.value, found.lowest, found.highest) == (0.625, 0.5, 0.75)
    assert found.seed_deviation == pytest.approx(0.25 / math.sqrt(2))
    assert (found.num_seeds, found.num_units) == (2, 4)


def test_one_seed_says_nothing_of_the_next():
    found = over_seeds([table([1, 0, 1])], share)
    assert math.isnan(found.low) and found.item_error > 0


def test_equal_runs_have_items_as_their_only_chance():
    rows = table([1, 0, 1, 1, 0, 1, 1, 1, 0, 1])
    found = over_seeds([rows] * 5, share, bounds=SHARE)
    assert found.seed_deviation == 0
    assert found.item_error == pytest.approx(math.sqrt(0.7 * 0.3 / 9))
    sure = over_seeds([table([1, 1])] * 2, share)
    assert (sure.low, sure.high) == (1.0, 1.0)


def test_other_items_are_refused():
    with pytest.raises(ValueError, match="same items"):
        over_seeds([table([1]), table([1, 0])], share)
    with pytest.raises(ValueError, match="same items"):
        over_seeds([], share)


def test_the_interval_holds_the_truth_of_other_seeds_and_other_items():
    inside = 0
    for trial in range(300):
        draws = np.random.default_rng(trial)
        ease = draws.normal(0, 1, 200)
        tables = [table(draws.random(200) < 1 / (1 + np.exp(-(ease + draws.normal(0.8, 0.4))))) for _ in range(5)]
        found = over_seeds(tables, share, bounds=SHARE)
        inside += found.low <= TRUTH <= found.high
    # At least 95 of 100, less three standard errors of 300 trials (0.013 each); wide rather than narrow.
    assert inside / 300 >= 0.91


# The mean of 1 / (1 + exp(-x)) over x normal with mean 0.8 and variance 1.16, by a sum over a fine grid.
_GRID = np.linspace(-6, 6, 20001)
_WEIGHT = np.exp(-(_GRID**2) / 2)
TRUTH = float((_WEIGHT / (1 + np.exp(-(0.8 + math.sqrt(1.16) * _GRID)))).sum() / _WEIGHT.sum())
