import numpy as np
import pytest

from firstwords.metrics.metrics.calibration_error import CalibrationError

ITEMS = {"gold": ["a"] * 4, "predicted": ["a", "b", "a", "a"], "confidence": [0.55, 0.65, 0.95, 0.85]}


def test_both_kinds_of_bins_by_hand():
    width = CalibrationError(bins="equal_width", num_bins=2)
    assert width.value(ITEMS) == pytest.approx(abs(0.75 - 3 / 4))
    # Two bins of two items each: (0.6, 1/2) and (0.9, 1).
    mass = CalibrationError(bins="equal_mass", num_bins=2)
    assert mass.value(ITEMS) == pytest.approx((2 * 0.1 + 2 * 0.1) / 4)
    assert (width.name, mass.name) == ("calibration_error_equal_width", "calibration_error_equal_mass")


def test_a_calibrated_model_has_a_small_error_and_a_sure_one_a_large():
    draws = np.random.default_rng(0)
    confidence = draws.uniform(0.5, 1, 5000)
    predicted = ["a" if draw < c else "b" for draw, c in zip(draws.random(5000), confidence, strict=True)]
    items = {"gold": ["a"] * 5000, "predicted": predicted, "confidence": confidence.tolist()}
    for bins in ("equal_mass", "equal_width"):
        assert CalibrationError(bins=bins).value(items) < 0.03
        assert CalibrationError(bins=bins).value(items | {"confidence": [1.0] * 5000}) == pytest.approx(0.25, abs=0.02)
