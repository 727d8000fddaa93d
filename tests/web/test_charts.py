import numpy as np
import pytest

from firstwords.corpus.histogram import histogram
from firstwords.web import charts


def test_a_chart_says_in_words_what_it_shows() -> None:
    shown = histogram({"kept": np.array([60.0, 70, 80]), "dropped": np.array([10.0])}, (50, 100))
    svg = str(charts.chart(shown, (50, 100), "words"))
    assert "words: 4 documents from 10 to 80" in svg
    assert "Accepted: 50 to 100." in svg
    assert svg.count('class="mark"') == 1
    assert ">50</text>" in svg


def test_an_upper_bound_is_labelled_with_itself() -> None:
    shown = histogram({"kept": np.linspace(0, 0.1, 20), "dropped": np.array([0.3])}, (None, 0.1))
    assert ">0.1</text>" in str(charts.chart(shown, (None, 0.1), "share"))


def test_without_values_there_is_no_chart() -> None:
    shown = histogram({"kept": np.array([])})
    assert "no values" in str(charts.chart(shown, (None, None), "x"))
    assert charts.described(shown, (None, None), "x") == "x: no values."


def test_a_little_is_seen_and_nothing_is_not() -> None:
    assert 'width="0.6"' in str(charts.bar([("dropped", 1e-6)], "few"))
    assert 'width="0"' in str(charts.bar([("dropped", 0.0)], "none"))


@pytest.mark.parametrize(("before", "after", "polygons"), [(1.0, 1.0, 1), (1.0, 0.5, 2), (1.0, 0.0, 2)])
def test_a_river_shows_what_leaves_it(before: float, after: float, polygons: int) -> None:
    assert str(charts.river(before, after, "x")).count("<polygon") == polygons
