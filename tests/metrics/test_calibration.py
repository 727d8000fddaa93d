import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.calibration import bin_edges, bin_statistics, error_from_bins, fit_temperature, scaled


def drawn(temperature, number=4000):
    """Log-probabilities that are calibrated once divided by `temperature`, and labels drawn accordingly."""
    draws = np.random.default_rng(0)
    logits = draws.normal(0, 2, (number, 3))
    truth = np.exp(scaled(logits, 1.0))
    gold = (truth.cumsum(1) > draws.random((number, 1))).argmax(1)
    return scaled(logits * temperature, 1.0), gold


@pytest.mark.parametrize("temperature", [0.3, 1.0, 3.0])
def test_the_temperature_that_made_a_model_too_sure_is_found(temperature):
    table, gold = drawn(temperature)
    # 4,000 labels tell a temperature to about 3 %.
    assert fit_temperature(table, gold) == pytest.approx(temperature, rel=0.06)


def test_no_neighbouring_temperature_is_better():
    table, gold = drawn(2.0, 300)
    best = fit_temperature(table, gold)

    def loss(temperature):
        return -scaled(table, temperature)[np.arange(300), gold].mean()

    assert loss(best) <= min(loss(best * 0.99), loss(best * 1.01))


def test_no_texts_and_no_numbers_are_refused():
    for table in (np.zeros((0, 2)), np.full((1, 2), np.nan)):
        with pytest.raises(ValueError, match="temperature"):
            fit_temperature(table, [0] * len(table))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.integers(2, 20), st.booleans())
def test_every_item_falls_into_one_bin(confidences, num_bins, equal_mass):
    edges = bin_edges(confidences, num_bins, equal_mass)
    statistics = bin_statistics(confidences, np.ones(len(confidences)), edges)
    member = statistics[:, 2 * num_bins :]
    assert (member.sum(1) == 1).all() and len(edges) == num_bins - 1
    # All right: the error is the mean distance of confidence from 1.
    assert error_from_bins(statistics.sum(0)) == pytest.approx(1 - np.mean(confidences), abs=1e-9)


def test_the_error_by_hand():
    # Bin (0, 0.5]: confidence 0.4, accuracy 0; bin (0.5, 1]: confidence 0.7, accuracy 1/2.
    statistics = bin_statistics([0.4, 0.6, 0.8], [0, 1, 0], bin_edges([], 2, equal_mass=False))
    assert error_from_bins(statistics.sum(0)) == pytest.approx((1 * 0.4 + 2 * 0.2) / 3)
    # A confidence on a border belongs below it.
    assert bin_statistics([0.5], [1], np.array([0.5]))[0].tolist() == [0.5, 0, 1, 0, 1, 0]
