import math

import pytest

from firstwords.metrics.metrics.minimal_pairs import MinimalPairs

ITEMS = {"good": [-1.0, -2.0, -3.0, -9.0], "bad": [-2.0, -2.0, -1.0, -9.5], "phenomenon": ["a", "a", "b", "b"]}


def test_a_tie_counts_one_half():
    assert MinimalPairs().value(ITEMS) == (1 + 0.5 + 0 + 1) / 4


def test_a_phenomenon_counts_its_own_pairs():
    assert MinimalPairs(phenomenon="a").value(ITEMS) == 0.75
    assert MinimalPairs(phenomenon="b").value(ITEMS) == 0.5
    assert MinimalPairs(phenomenon="b").is_detail and not MinimalPairs().is_detail


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        MinimalPairs().value(ITEMS | {"good": [math.nan, 0, 0, 0]})
