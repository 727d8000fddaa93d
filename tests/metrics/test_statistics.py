import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score

from firstwords.metrics.classification import label_counts, macro_f1_from_counts
from firstwords.metrics.entities import f1_from_counts
from firstwords.metrics.statistics import (
    SHARE,
    bootstrap,
    holm,
    mcnemar,
    paired_bootstrap,
    unpaired_bootstrap,
    wilson,
)

ITEMS = 300


def share(sums):
    return sums[..., 0] / sums[..., 1]


def right_or_wrong(draws, probability, items=ITEMS):
    return np.stack([draws.random(items) < probability, np.ones(items)], axis=1)


# --- Units and single figures ---


def test_equal_arguments_give_equal_bounds_and_another_seed_gives_others():
    rows = right_or_wrong(np.random.default_rng(0), 0.7)
    assert bootstrap(rows, share, seed=1) == bootstrap(rows, share, seed=1)
    assert bootstrap(rows, share, seed=1).low != bootstrap(rows, share, seed=2).low


def test_repeating_every_item_in_its_group_changes_nothing():
    rows = right_or_wrong(np.random.default_rng(0), 0.7, 50)
    once = bootstrap(rows, share, groups=range(50))
    tenfold = bootstrap(np.repeat(rows, 10, axis=0), share, groups=np.repeat(np.arange(50), 10).tolist())
    assert (tenfold.low, tenfold.high, tenfold.num_units) == pytest.approx((once.low, once.high, 50), abs=1e-12)
    ungrouped = bootstrap(np.repeat(rows, 10, axis=0), share)
    assert ungrouped.high - ungrouped.low < 0.5 * (once.high - once.low)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_bounds_agree_with_scipy(method):
    draws = np.random.default_rng(3)
    sizes = np.exp(draws.normal(5, 0.4, 200))
    rows = np.stack([sizes * np.exp(draws.normal(0, 0.3, 200)), sizes], axis=1)
    ours = bootstrap(rows, share, method=method)
    peer = stats.bootstrap(
        (rows[:, 0], rows[:, 1]),
        lambda a, b, axis: a.sum(axis) / b.sum(axis),
        paired=True,
        method=method,
        rng=np.random.default_rng(4),
        n_resamples=10_000,
    ).confidence_interval
    width = peer.high - peer.low
    # Both are random: a bound from 10,000 resamples wobbles by about 1 % of the width; ours is 1 % wider on 200 units.
    assert ours.low == pytest.approx(peer.low, abs=0.05 * width)
    assert ours.high == pytest.approx(peer.high, abs=0.05 * width)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_an_interval_holds_its_figure_where_nearly_all_resamples_are_better(method):
    # twenty pages: each has a text of a class of its own, always missed; a class that is not drawn does not count
    gold = [label for page in range(20) for label in ("common", f"rare {page}")]
    labels = sorted(set(gold))
    counts = label_counts(gold, ["common"] * 40, labels)
    found = bootstrap(counts, macro_f1_from_counts, groups=[page // 2 for page in range(40)], method=method)
    assert found.low <= found.value <= found.high


def test_one_unit_has_no_interval():
    interval = bootstrap([[1, 2], [2, 2]], share, groups=["page", "page"])
    assert interval.value == 0.75
    assert math.isnan(interval.low) and math.isnan(interval.high)
    assert interval.method == "none"


def test_all_right_is_not_certain():
    interval = bootstrap([[1, 1]] * 100, share, groups=range(100), bounds=SHARE)
    assert (interval.value, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(wilson(100, 100).low)
    # Without knowing that the figure is a share nothing can be said beyond the value.
    assert bootstrap([[1, 1]] * 100, share).low == 1.0


def test_a_figure_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="no interval"), np.errstate(invalid="ignore"):
        bootstrap([[0, 0], [0, 0]], share)
    with pytest.raises(ValueError, match="resample"), np.errstate(invalid="ignore"):
        bootstrap([[1, 1]] + [[0, 0]] * 9, share)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(case):
    right, total = case
    peer = stats.binomtest(right, total).proportion_ci(method="wilson")
    ours = wilson(right, total)
    assert (ours.low, ours.high) == pytest.approx((peer.low, peer.high), abs=1e-9)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


@pytest.mark.parametrize(("right", "total"), [(1, 0), (-1, 4), (5, 4)])
def test_wilson_refuses_what_is_no_share(right, total):
    with pytest.raises(ValueError):
        wilson(right, total)


def test_few_units_are_judged_by_the_jackknife():
    rows = [[3.0, 1], [1.0, 1], [2.0, 1], [6.0, 1]]
    interval = bootstrap(rows, share)
    # The jackknife of a mean is the usual standard error; so the interval is Student's.
    low, high = stats.t.interval(0.95, 3, loc=3.0, scale=stats.sem([3, 1, 2, 6]))
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-6)
    assert interval.method == "jackknife"
    assert bootstrap(rows, share, bounds=(0.0, math.inf)).low == 0.0


def test_few_pairs_are_judged_by_the_t_test():
    first, second = [5.0, 3.0, 4.5, 6.0], [4.0, 3.2, 3.0, 4.4]
    ones = np.ones(4)
    found = paired_bootstrap(np.stack([first, ones], 1), np.stack([second, ones], 1), share)
    assert found.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue, rel=1e-5)
    assert (found.low, found.high) == pytest.approx(
        tuple(stats.ttest_rel(first, second).confidence_interval()), rel=1e-5
    )
    unpaired = unpaired_bootstrap(np.stack([first, ones], 1), np.stack([second, ones], 1), share)
    assert unpaired.value == found.value and unpaired.p_value > found.p_value
    one = paired_bootstrap([[2.0, 1]], [[1.0, 1]], share)
    assert (one.value, one.p_value) == (1.0, 1.0) and math.isnan(one.low)


# --- Two systems ---


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_exact_mcnemar_agrees_with_the_binomial_test(answers):
    first, second = zip(*answers, strict=True)
    only_first = sum(a and not b for a, b in answers)
    only_second = sum(b and not a for a, b in answers)
    expected = stats.binomtest(only_first, only_first + only_second).pvalue if only_first + only_second else 1.0
    assert mcnemar(first, second, mid_p=False) == pytest.approx(expected, abs=1e-9)
    assert mcnemar(first, second) <= mcnemar(first, second, mid_p=False)
    assert mcnemar(first, second) == mcnemar(second, first)


def test_mcnemar_of_many_items_does_not_overflow():
    first = np.arange(200_000) % 2 == 0
    assert mcnemar(first, ~first) == pytest.approx(1.0, abs=0.01)
    assert mcnemar(np.ones(5000, bool), np.zeros(5000, bool)) < 1e-300


def test_the_paired_difference_is_narrower_than_the_unpaired_one():
    draws = np.random.default_rng(5)
    difficulty = draws.random(ITEMS)
    first = np.stack([draws.random(ITEMS) < 0.95 * difficulty, np.ones(ITEMS)], axis=1)
    second = np.stack([np.where(draws.random(ITEMS) < 0.1, 0, first[:, 0]), np.ones(ITEMS)], axis=1)
    paired = paired_bootstrap(first, second, share)
    unpaired = unpaired_bootstrap(first, second, share)
    assert paired.value == pytest.approx(unpaired.value) and paired.value > 0
    assert paired.high - paired.low < 0.6 * (unpaired.high - unpaired.low)
    assert paired.p_value < 0.01 < unpaired.p_value
    swapped = paired_bootstrap(second, first, share)
    assert (swapped.value, swapped.p_value) == pytest.approx((-paired.value, paired.p_value))


def test_equal_systems_do_not_differ():
    rows = right_or_wrong(np.random.default_rng(6), 0.7)
    same = paired_bootstrap(rows, rows, share)
    assert (same.value, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_paired_tables_must_match():
    with pytest.raises(ValueError, match="same items"):
        paired_bootstrap([[1, 1]], [[1, 1], [0, 1]], share)
    with pytest.raises(ValueError, match="same items"):
        mcnemar([True], [True, False])


def test_holm_corrects_in_place_of_the_input():
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


# --- Do intervals keep their promise? Simulated systems of known quality ---


def accuracy_trial(draws):
    return right_or_wrong(draws, 0.8), None


def grouped_trial(draws):
    """Passages of 60 pages; the pages differ in difficulty, 80 % right on average."""
    sizes = draws.integers(3, 40, 60)
    chances = draws.beta(8, 2, 60)
    rows = [right_or_wrong(draws, chance, size) for chance, size in zip(chances, sizes, strict=True)]
    return np.concatenate(rows), np.repeat(np.arange(60), sizes).tolist()


def entities_trial(draws):
    gold = draws.poisson(1.0, ITEMS)
    matched = draws.binomial(gold, 0.7)
    return np.stack([matched, gold, matched + draws.poisson(0.3, ITEMS)], axis=1), None


def language_trial(draws):
    """Documents of unequal size, 1.5 nats per byte on average over bytes."""
    sizes = np.exp(draws.normal(7, 0.5, ITEMS))
    return np.stack([sizes * np.exp(draws.normal(math.log(1.5), 0.2, ITEMS)), sizes], axis=1), None


CONFUSION = np.array([[0.7, 0.2, 0.1], [0.15, 0.75, 0.1], [0.3, 0.2, 0.5]])
PRIOR = np.array([0.6, 0.3, 0.1])


def classes_trial(draws):
    gold = draws.choice(3, ITEMS, p=PRIOR)
    predicted = (CONFUSION[gold].cumsum(axis=1) < draws.random(ITEMS)[:, None]).sum(axis=1).clip(max=2)
    return label_counts([str(g) for g in gold], [str(p) for p in predicted], ["0", "1", "2"]), None


JOINT = PRIOR[:, None] * CONFUSION
TRUE_MACRO_F1 = float(np.mean([2 * JOINT[i, i] / (JOINT[i].sum() + JOINT[:, i].sum()) for i in range(3)]))
SIMULATIONS = {
    "accuracy": (accuracy_trial, share, 0.8, "percentile"),
    "accuracy over pages": (grouped_trial, share, 0.8, "percentile"),
    "entity F1": (entities_trial, f1_from_counts, 1.4 / 2.0, "percentile"),
    "nats per byte": (language_trial, share, 1.5 * math.exp(0.2**2 / 2), "percentile"),
    "macro-F1": (classes_trial, macro_f1_from_counts, TRUE_MACRO_F1, "bca"),
}


def coverage(name, trials):
    trial, figure, truth, method = SIMULATIONS[name]
    draws = np.random.default_rng(11)
    covered = 0
    for seed in range(trials):
        rows, groups = trial(draws)
        interval = bootstrap(rows, figure, groups=groups, method=method, num_resamples=1000, seed=seed)
        covered += interval.low <= truth <= interval.high
    return covered / trials


@pytest.mark.parametrize("name", SIMULATIONS)
def test_intervals_cover_the_truth_quickly(name):
    # 500 trials: the share of hits has a standard error of one point, so the seed matters.
    assert 0.93 <= coverage(name, 500) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("name", SIMULATIONS)
def test_intervals_cover_the_truth(name):
    assert 0.93 <= coverage(name, 4000) <= 0.97


def test_wilson_covers_the_truth_near_one():
    draws = np.random.default_rng(12)
    right = draws.binomial(ITEMS, 0.98, 4000)
    intervals = [wilson(int(r), ITEMS) for r in right]
    assert 0.93 <= np.mean([i.low <= 0.98 <= i.high for i in intervals]) <= 0.97


def false_alarms(trials):
    """Shares of p-values below 0.05 for two systems that are equally good, and right on mostly the same items."""
    draws = np.random.default_rng(13)
    alarms = np.zeros(2)
    for seed in range(trials):
        chance = draws.beta(4, 1, ITEMS)
        first, second = (draws.random(ITEMS) < chance for _ in range(2))
        alarms[0] += mcnemar(first, second) < 0.05
        rows = [np.stack([right, np.ones(ITEMS)], axis=1) for right in (first, second)]
        alarms[1] += paired_bootstrap(*rows, share, num_resamples=1000, seed=seed).p_value < 0.05
    return alarms / trials


def test_paired_tests_rarely_raise_false_alarms_quickly():
    alarms = false_alarms(1000)
    assert ((alarms >= 0.03) & (alarms <= 0.07)).all()


@pytest.mark.slow
def test_paired_tests_rarely_raise_false_alarms():
    alarms = false_alarms(4000)
    assert ((alarms >= 0.03) & (alarms <= 0.07)).all()


def test_the_macro_f1_of_the_simulation_is_that_of_scikit_learn():
    draws = np.random.default_rng(14)
    gold = draws.choice(3, 200_000, p=PRIOR)
    predicted = (CONFUSION[gold].cumsum(axis=1) < draws.random(200_000)[:, None]).sum(axis=1).clip(max=2)
    assert f1_score(gold, predicted, average="macro") == pytest.approx(TRUE_MACRO_F1, abs=0.005)
