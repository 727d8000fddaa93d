import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.ranking import auc, auc_interval, mean_auc

ITEMS = st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=20).filter(
    lambda items: 0 < sum(positive for positive, _ in items) < len(items)
)


@given(ITEMS)
def test_it_is_the_share_of_pairs_in_the_right_order(items) -> None:
    pairs = [(a, b) for (p, a), (q, b) in itertools.product(items, items) if p and not q]
    expected = sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs)
    assert auc(*zip(*items, strict=True)) == pytest.approx(expected)


@given(ITEMS)
def test_it_equals_scikit_learn_s(items) -> None:
    from sklearn.metrics import roc_auc_score

    assert auc(*zip(*items, strict=True)) == pytest.approx(roc_auc_score(*zip(*items, strict=True)))


def test_one_kind_of_item_has_no_curve() -> None:
    with pytest.raises(ValueError, match="needs positive and negative"):
        auc([True, True], [0.1, 0.2])


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draws = np.random.default_rng(7)
    hits = 0
    for seed in range(60):
        positive = draws.random(120) < 0.5
        scores = draws.normal(size=120) + positive  # the true area is 0.7602
        interval = auc_interval(positive, scores, num_resamples=300, seed=seed)
        hits += interval.low <= 0.7602 <= interval.high
        assert interval.low <= interval.value <= interval.high
    assert 51 <= hits <= 60  # fewer than 51 of 60 at 95 %: once in 5,000 tries


def test_items_of_one_group_are_drawn_together() -> None:
    positive = np.tile([True, False], 50)
    scores = np.repeat(np.random.default_rng(1).normal(size=10), 10) + positive
    one, ten = (auc_interval(positive, scores, groups=g, seed=1) for g in (None, np.repeat(np.arange(10), 10).tolist()))
    assert (one.num_units, ten.num_units) == (100, 10)
    assert one.value == ten.value == auc(positive, scores)


def test_the_mean_over_labels() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.4, 0.5, 0.1]])
    expected = (auc([True, False, True], [0.8, 0.2, 0.4]) + auc([False, True, False], [0.1, 0.7, 0.5])) / 2
    assert mean_auc(["a", "b", "a"], probabilities, ["a", "b", "c"]) == pytest.approx(expected)
