import pytest

from firstwords.metrics.metrics.centred_accuracy import CentredAccuracy


def test_guessing_is_0_knowing_1_and_worse_than_guessing_below():
    values = [[-1.0, -2.0], [-1.0, -2.0, -3.0, -4.0]]
    assert CentredAccuracy().value({"gold": [0, 0], "log_likelihoods": values}) == 1.0
    # One right of two, of which 3/4 would be guessed: (1 - 0.75) / (2 - 0.75).
    assert CentredAccuracy().value({"gold": [0, 1], "log_likelihoods": values}) == pytest.approx(0.2)
    assert CentredAccuracy().value({"gold": [1, 1], "log_likelihoods": values}) == pytest.approx(-0.6)
    tied = {"gold": [0, 1, 2], "log_likelihoods": [[-1.0] * 3] * 3}
    assert CentredAccuracy().value(tied) == pytest.approx(0)
    assert CentredAccuracy(per="characters").name == "centred_accuracy_norm"
