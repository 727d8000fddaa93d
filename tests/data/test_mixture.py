"""A mixture keeps its shares exactly, at every row of a run."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.mixture import LONGEST_PATTERN, Mixture, Phases, shares_of
from firstwords.errors import RecipeError

weights = st.lists(st.integers(1, 40).map(lambda each: each / 4), min_size=1, max_size=5)


@given(weights)
def test_no_part_is_ever_a_whole_row_off_its_share(given_weights):
    made = Mixture(given_weights)
    assert sum(made.shares) == 1
    for position in range(0, min(len(made.pattern), 400) + 1):
        counts = made.counts(position)
        assert counts.sum() == position
        assert all(abs(int(c) - share * position) < 1 for c, share in zip(counts, made.shares, strict=True))


@given(weights, st.integers(0, 10**12))
def test_every_row_is_known_without_those_before(given_weights, position):
    made = Mixture(given_weights)
    part, number = made.place(position)
    before, after = made.counts(position), made.counts(position + 1)
    assert number == before[part]
    assert [int(b - a) for a, b in zip(before, after, strict=True)] == [int(i == part) for i in range(len(before))]


def test_a_share_as_people_write_it_is_exact():
    made = Mixture([0.8, 0.2])
    assert made.shares == [Fraction(4, 5), Fraction(1, 5)]
    assert made.counts(1_000_000).tolist() == [800_000, 200_000]
    assert shares_of({"a": 3, "b": 1}) == {"a": 0.75, "b": 0.25}
    assert shares_of({"a": 3, "b": 1}, {"b": 1, "c": 1}, 0.5) == {"a": 0.375, "b": 0.375, "c": 0.25}


def test_odd_weights_are_rounded_to_the_longest_pattern():
    made = Mixture([1.2345678, 2.3456789])
    assert len(made.pattern) <= LONGEST_PATTERN
    assert abs(float(made.shares[0]) - 1.2345678 / 3.5802467) < 1 / LONGEST_PATTERN


@pytest.mark.parametrize("wrong", [[], [0.0, 1.0], [-1.0], [float("nan")], [1.0, 1e-9]])
def test_weights_that_mean_nothing_are_refused(wrong):
    with pytest.raises(RecipeError):
        Mixture(wrong)


@given(st.data(), st.integers(1, 4))
def test_phases_follow_one_another_and_every_part_goes_on(data, num_parts):
    num_phases = data.draw(st.integers(1, 3))
    one = st.lists(st.integers(0, 3).map(float), min_size=num_parts, max_size=num_parts).filter(any)
    table = [data.draw(one) for _ in range(num_phases)]
    table[-1] = [each or 1.0 for each in table[-1]]
    starts = sorted(data.draw(st.lists(st.integers(0, 40), min_size=num_phases - 1, max_size=num_phases - 1)))
    made, counts = Phases(table, starts), np.zeros(num_parts, np.int64)
    for position in range(60):
        assert made.counts(position).tolist() == counts.tolist()
        part, number = made.place(position)
        phase = sum(start <= position for start in starts)
        assert table[phase][part] > 0 and number == counts[part]
        counts[part] += 1
    for phase, (start, end) in enumerate(zip([0, *starts], [*starts, 60], strict=True)):
        read = made.counts(end) - made.counts(start)
        shares = np.array(table[phase]) / sum(table[phase])
        assert (abs(read - shares * (end - start)) < 1 + 1e-9).all()


def test_a_part_that_no_phase_reads_is_refused():
    with pytest.raises(RecipeError, match="in no phase"):
        Phases([[1.0, 0.0], [2.0, 0.0]], [5])
