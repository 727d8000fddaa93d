import numpy as np

from firstwords.data.dataset import WordsRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.entity_swap import EntitySwap
from firstwords.evaluation.greedy_search import attacked_all
from firstwords.evaluation.victim import Verdict
from firstwords.metrics.entities import find_entities

TRAIN = [
    WordsRecord("a", "a", ("New", "York", "and", "Rome"), ("B-place", "I-place", "O", "B-place")),
    WordsRecord("b", "b", ("Mary", "Ann", "Smith"), ("B-person", "I-person", "I-person")),
]
SUBJECT = Subject(("Paul", "left", "Rome", "for", "Oslo"), ("B-person", "O", "B-place", "O", "B-place"))


def test_an_entity_becomes_another_of_its_type_and_the_tags_move_along():
    attack = EntitySwap()
    propose = attack.proposer(None, TRAIN)
    (found,) = propose(SUBJECT, 2, np.random.default_rng(0))
    assert found.words == ("Paul", "left", "New", "York", "for", "Oslo")
    assert found.gold == ("B-person", "O", "B-place", "I-place", "O", "B-place")
    assert {each.words[4:] for each in propose(SUBJECT, 4, np.random.default_rng(0))} == {("New", "York"), ("Rome",)}


def test_a_search_changes_several_whose_lengths_differ():
    def judge(subjects):
        """Never wrong, but ever less sure of longer sentences."""
        return [Verdict(-float(len(each.words)), each.gold, True) for each in subjects]

    attack = EntitySwap()
    (found,) = attacked_all(
        attack,
        attack.proposer(None, TRAIN),
        judge,
        [SUBJECT],
        lambda _: np.random.default_rng(0),
        lambda *_: None,
    )
    assert found.subject.words == ("Mary", "Ann", "Smith", "left", "New", "York", "for", "New", "York")
    assert [each.type for each in find_entities(found.subject.gold)] == ["person", "place", "place"]
    assert found.is_right and found.changed > 0
