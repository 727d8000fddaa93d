import pytest

from firstwords.metrics.metrics.exposure import Exposure

ITEMS = {"exposure": [1.0, 3.0, 9.0, 11.0], "times": [0, 0, 16, 16]}


def test_it_is_the_mean_of_the_canaries_of_one_number_of_copies() -> None:
    assert Exposure(times=0).value(ITEMS) == 2 and Exposure(times=16).value(ITEMS) == 10
    metric = Exposure(times=16)
    assert (metric.name, metric.shown_as, metric.higher_is_better) == ("exposure (16)", "planted 16 x: {} bits", False)


def test_its_interval_holds_it() -> None:
    items = {"exposure": [float(n % 7) for n in range(40)], "times": [n % 2 for n in range(40)]}
    found = Exposure(times=1).interval(items, [str(n) for n in range(40)])
    assert 0 <= found.low < found.value < found.high
    assert Exposure(times=4).value(items) == pytest.approx(0)
