"""The bounds that are found are those that the filter decides by."""

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.corpus.thresholds import NothingPasses, bounds_of, passes
from firstwords.data.filter import Filter, first_failing, struct_of

numbers = st.floats(-1e300, 1e300)  # the greatest float is no bound


@dataclass(frozen=True, kw_only=True)
class Range(Filter):
    low: float | None = None
    high: float | None = None

    def score(self, batch, features):
        raise NotImplementedError

    def reject(self, scores):
        return first_failing(scores, {"size": (self.low, self.high)})


def scores(*values: float) -> pa.StructArray:
    return struct_of(size=list(values), other=[7.0] * len(values))


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=3, max_size=3).map(sorted))
def test_the_bound_is_found_to_the_last_bit(three: list[float]) -> None:
    low, inside, high = three
    found = bounds_of(Range(low=low, high=high), scores(inside))
    assert found == {"size": (low, high), "other": (None, None)}


def test_rules_with_one_bound_or_none() -> None:
    assert bounds_of(Range(low=0.35), scores(0.9))["size"] == (0.35, None)
    assert bounds_of(Range(high=0.1), scores(0.0))["size"] == (None, 0.1)
    assert bounds_of(Range(), scores(3.0))["size"] == (None, None)


def test_whole_scores_have_whole_bounds() -> None:
    found = bounds_of(Range(low=49.5, high=1000), struct_of(size=np.array([70])))
    assert found["size"] == (50, 1000)
    assert isinstance(found["size"][0], int)


def test_only_a_document_that_passes_can_tell() -> None:
    assert bounds_of(Range(low=5), scores(1.0, 9.0))["size"] == (5.0, None)
    with pytest.raises(NothingPasses):
        bounds_of(Range(low=5), scores(1.0, 2.0))


def test_rows_that_were_not_scored_and_texts_are_passed_over() -> None:
    column = pa.array([None, {"size": 6.0, "detected": "en"}])
    assert bounds_of(Range(low=5), column) == {"size": (5.0, None)}


def test_passes_includes_the_bounds_and_missing_scores() -> None:
    values = np.array([1.0, 2.0, 3.0, 3.1, math.nan])
    assert passes((2.0, 3.0), values).tolist() == [False, True, True, False, True]
    assert passes((None, None), values).all()


def test_narrow_integers_are_probed_within_their_type() -> None:
    for kind in (np.int32, np.uint8, np.int64):
        found = bounds_of(Range(high=5), struct_of(size=np.array([3], kind)))
        assert found["size"] == (None, 5)
