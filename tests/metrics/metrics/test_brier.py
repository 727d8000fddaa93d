import pytest

from firstwords.metrics.metrics.brier import Brier


def test_the_mean_of_squared_errors():
    assert Brier().value({"squared_error": [0.0, 2.0, 0.5]}) == pytest.approx(2.5 / 3)
