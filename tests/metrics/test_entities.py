import random
import warnings

import pytest
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities

from firstwords.metrics.entities import (
    Entity,
    entity_counts,
    entity_f1,
    f1_from_counts,
    find_entities,
    precision_from_counts,
    recall_from_counts,
)

PREFIXES = {"IOB2": "BI", "IOBES": "BIES"}
TYPES = ("person", "place", "work-of-art")


@pytest.fixture(autouse=True)
def _quiet_peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of types that it never meets
        yield


def random_tags(draws, length, prefixes):
    """Any tags in any order: most sequences break the scheme somewhere."""
    tags = [f"{prefix}-{type}" for prefix in prefixes for type in TYPES]
    return [draws.choice(tags) if draws.random() < 0.6 else "O" for _ in range(length)]


def random_corpora(scheme, number):
    draws = random.Random(1)
    for _ in range(number):
        lengths = [draws.randrange(1, 12) for _ in range(draws.randrange(1, 6))]
        gold = [random_tags(draws, length, PREFIXES[scheme]) for length in lengths]
        predicted = [tags if draws.random() < 0.4 else random_tags(draws, len(tags), PREFIXES[scheme]) for tags in gold]
        yield gold, predicted


@pytest.mark.parametrize("scheme", PREFIXES)
def test_default_mode_equals_seqeval_on_1000_random_corpora(scheme):
    for gold, predicted in random_corpora(scheme, 1000):
        sums = entity_counts(gold, predicted).sum(axis=0)
        assert entity_f1(gold, predicted) == pytest.approx(f1_score(gold, predicted), abs=1e-12)
        assert precision_from_counts(sums) == pytest.approx(precision_score(gold, predicted), abs=1e-12)
        assert recall_from_counts(sums) == pytest.approx(recall_score(gold, predicted), abs=1e-12)


def test_strict_mode_equals_seqeval_on_1000_random_corpora():
    for gold, predicted in random_corpora("IOB2", 1000):
        try:
            expected = f1_score(gold, predicted, mode="strict", scheme=IOB2)
        except ValueError:  # seqeval cannot score what holds no entity at all in this mode
            assert not entity_counts(gold, predicted, "strict")[:, 1:].any()
            continue
        assert entity_f1(gold, predicted, mode="strict") == pytest.approx(expected, abs=1e-12)


def test_entities_equal_those_of_seqeval():
    draws = random.Random(2)
    odd = ["O", ".", "B", "I", "E", "S", "B-_", "U-person", "L-person"]
    odd += [f"{prefix}-{type}" for prefix in "BIES" for type in TYPES]
    for _ in range(3000):
        tags = [draws.choice(odd) for _ in range(draws.randrange(0, 9))]
        assert find_entities(tags) == [(type, start, last + 1) for type, start, last in get_entities(tags)], tags
        tags = random_tags(draws, draws.randrange(1, 9), "BI")
        expected = [(e.tag, e.start, e.end) for e in Entities([tags], IOB2).entities[0]]
        assert find_entities(tags, "strict") == expected, tags


def test_per_type_counts_equal_those_of_seqeval():
    for gold, predicted in random_corpora("IOB2", 100):
        report = classification_report(gold, predicted, output_dict=True, zero_division=0)
        for type in TYPES:
            sums = entity_counts(gold, predicted, type=type).sum(axis=0)
            if type in report:
                assert f1_from_counts(sums) == pytest.approx(report[type]["f1-score"], abs=1e-12)
                assert sums[1] == report[type]["support"]
            else:
                assert not sums.any()


def test_the_two_modes_differ_where_an_inside_tag_continues_nothing():
    tags = ["O", "I-person", "I-place"]
    assert find_entities(tags) == [Entity("person", 1, 2), Entity("place", 2, 3)]
    assert find_entities(tags, "strict") == []


def test_an_entity_counts_only_with_both_ends_and_its_type():
    gold = [["B-person", "I-person", "O"]]
    assert entity_f1(gold, gold) == 1.0
    assert entity_f1(gold, [["B-person", "O", "O"]]) == 0.0
    assert entity_f1(gold, [["B-place", "I-place", "O"]]) == 0.0
    assert entity_f1([["O"]], [["O"]]) == 0.0


def test_entities_do_not_reach_over_sentences():
    gold = [["O", "B-person"], ["I-person", "O"]]
    assert [len(find_entities(tags)) for tags in gold] == [1, 1]
    assert entity_counts(gold, gold).tolist() == [[1, 1, 1], [1, 1, 1]]


def test_mistakes_are_refused():
    with pytest.raises(ValueError, match="1 gold sequences but 2"):
        entity_f1([["O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="2 gold tags but 1"):
        entity_f1([["O", "O"]], [["O"]])
    with pytest.raises(ValueError, match="'E-person' is not IOB2"):
        entity_f1([["E-person"]], [["O"]], mode="strict")
    with pytest.raises(ValueError, match="'loose' is unknown"):
        entity_f1([["O"]], [["O"]], mode="loose")
