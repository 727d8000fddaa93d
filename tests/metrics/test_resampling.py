import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from firstwords.metrics import resampling
from firstwords.metrics.resampling import (
    add_up,
    jackknife_error,
    resample,
    student_p_value,
    student_quantile,
    widened_normal_quantiles,
)


def mean(sums):
    return sums[..., 0] / sums[..., 1]


def test_items_of_a_group_become_one_unit_in_order_of_appearance():
    rows = [[1, 1], [2, 1], [4, 1], [8, 1]]
    assert add_up(rows, ["b", "a", "b", "a"]).tolist() == [[5, 2], [10, 2]]
    assert add_up(rows, None).tolist() == rows


@pytest.mark.parametrize(("rows", "groups"), [([], None), ([[1, 1]], ["a", "b"]), ([1, 2], None)])
def test_tables_that_have_no_figure_are_refused(rows, groups):
    with pytest.raises(ValueError):
        add_up(rows, groups)


@given(st.floats(0.001, 0.999), st.integers(1, 100_000))
def test_student_quantiles_agree_with_scipy(probability, degrees):
    # Near the middle the quantile is near 0, so a small absolute tolerance stands beside the relative one.
    assert student_quantile(probability, degrees) == pytest.approx(
        stats.t.ppf(probability, degrees), rel=1e-4, abs=1e-6
    )


@given(st.floats(-50, 50), st.integers(1, 60))
def test_student_p_values_agree_with_scipy(t, degrees):
    assert student_p_value(t, degrees) == pytest.approx(2 * stats.t.sf(abs(t), degrees), abs=1e-6)


@pytest.mark.parametrize("distinct", [3, 200])
def test_resamples_have_the_mean_and_the_spread_of_sampling(distinct):
    values = np.random.default_rng(0).integers(0, distinct, 200).astype(float)
    figures = resample(np.stack([values, np.ones(200)], axis=1), mean, 20_000, seed=1)
    # Standard errors of 20,000 resamples: 0.7 % of the spread for its mean, 0.5 % for itself.
    spread = values.std() / np.sqrt(200)
    assert figures.mean() == pytest.approx(values.mean(), abs=0.03 * spread)
    assert figures.std() == pytest.approx(spread, rel=0.03)


def test_working_in_pieces_changes_nothing(monkeypatch):
    rows = np.random.default_rng(2).random((50, 2))
    whole = resample(rows, mean, 1000, seed=3)
    monkeypatch.setattr(resampling, "_CHUNK_DRAWS", 700)
    # Matrix products of other shapes round differently.
    np.testing.assert_allclose(resample(rows, mean, 1000, seed=3), whole, rtol=1e-12)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = [3.0, 1.0, 2.0, 6.0]
    assert jackknife_error(np.array([[v, 1.0] for v in values]), mean) == pytest.approx(stats.sem(values))


def test_quantiles_are_widened_for_few_units_and_normal_for_many():
    assert widened_normal_quantiles(0.95, 10**6) == pytest.approx([-1.96, 1.96], abs=1e-4)
    low, high = widened_normal_quantiles(0.95, 10)
    assert -low == high == pytest.approx(stats.t.ppf(0.975, 9) * np.sqrt(10 / 9), rel=1e-6)
