import numpy as np

from firstwords.data.dataset import WordsRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.context import Context


def test_words_of_entities_stay():
    subject = Subject.of(WordsRecord("a", "a", ("They", "visit", "London", "tomorrow"), ("O", "O", "B-place", "O")))
    attack = Context()
    assert attack.places(subject) == [0, 1, 3]
    for each in attack.proposer(None, [])(subject, 1, np.random.default_rng(0)):
        assert each.words[2] == "London" and each.gold == subject.gold and each.words[1] != "visit"
    assert "entities stay" in attack.allowed()


def test_without_an_entity_there_is_nothing_to_lose():
    assert Context().places(Subject.of(WordsRecord("a", "a", ("visit", "there"), ("O", "O")))) == []
