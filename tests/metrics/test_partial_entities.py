import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.entities import Entity, entity_counts, find_entities
from firstwords.metrics.partial_entities import MATCHES, Pairing, match_counts, pair_up

TAG = st.sampled_from(["O", "B-x", "I-x", "B-y", "I-y"])
CASE = st.lists(st.lists(st.tuples(TAG, TAG), min_size=1, max_size=8), min_size=1, max_size=3)


def f1(gold, predicted, match):
    points, wanted, found = match_counts([gold], [predicted], match).sum(0)
    return 2 * points / (wanted + found)


# The rows of the table of SemEval-2013 task 9.1: what each reading gives.
@pytest.mark.parametrize(
    ("gold", "predicted", "strict", "exact", "partial", "type"),
    [
        (["B-x", "I-x", "O"], ["B-x", "I-x", "O"], 1, 1, 1, 1),
        (["B-x", "I-x", "O"], ["B-y", "I-y", "O"], 0, 1, 1, 0),
        (["B-x", "I-x", "O"], ["B-x", "O", "O"], 0, 0, 0.5, 1),
        (["B-x", "I-x", "O"], ["O", "B-y", "O"], 0, 0, 0.5, 0),
        (["B-x", "O", "O"], ["O", "O", "B-x"], 0, 0, 0, 0),
    ],
)
def test_the_four_readings(gold, predicted, strict, exact, partial, type):
    assert [f1(gold, predicted, match) for match in MATCHES] == [strict, exact, partial, type]


def test_missed_and_spurious_ones_count_on_their_side():
    assert match_counts([["B-x", "O", "B-x"]], [["B-x", "O", "O"]], "partial").tolist() == [[1, 2, 1]]
    assert match_counts([["O", "O"]], [["B-x", "B-x"]], "type").tolist() == [[0, 0, 2]]


def test_a_gold_entity_is_found_once():
    # One long entity read as two: the first overlaps longest and takes it, the other is spurious.
    assert match_counts([["B-x"] + ["I-x"] * 3], [["B-x", "I-x", "I-x", "B-x"]], "type").tolist() == [[1, 1, 2]]


def test_equal_ones_are_paired_before_overlapping_ones():
    gold = [Entity("x", 0, 2), Entity("x", 2, 4)]
    assert pair_up(gold, [Entity("x", 1, 3), Entity("x", 2, 4)])[0] == Pairing(gold[1], gold[1])


@given(CASE)
def test_strict_counts_are_those_of_whole_entities_and_readings_only_get_kinder(case):
    gold = [[g for g, _ in each] for each in case]
    predicted = [[p for _, p in each] for each in case]
    points = {match: match_counts(gold, predicted, match) for match in MATCHES}
    assert np.array_equal(points["strict"], entity_counts(gold, predicted))
    strict, exact, partial, type = (points[match][:, 0] for match in MATCHES)
    assert (strict <= exact).all() and (exact <= partial).all() and (strict <= type).all()
    for each, tags in zip(points["partial"], gold, strict=True):
        assert each[0] <= each[1] == len(find_entities(tags)) and each[0] <= each[2]


def test_sequences_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="sequence 0 has 1 gold tags"):
        match_counts([["O"]], [["O", "O"]], "type")
    with pytest.raises(ValueError, match="1 gold sequences"):
        match_counts([["O"]], [], "type")
