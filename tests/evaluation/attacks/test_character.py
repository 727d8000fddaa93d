import numpy as np

from firstwords.data.dataset import TextRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.character import Character

SUBJECT = Subject.of(TextRecord("a", "a", "the wonderful film , really", "good"))


def test_candidates_are_edits_of_one_word():
    attack = Character()
    assert attack.places(SUBJECT) == [1, 2, 4]
    found = attack.proposer(None, [])(SUBJECT, 1, np.random.default_rng(0))
    assert 9 <= len(found) <= 12
    for each in found:
        assert each.words[0] == "the" and each.words[2:] == SUBJECT.words[2:]
        assert each.words[1][0] == "w" and each.words[1][-1] == "l" and each.words[1] != "wonderful"
    assert "swap, delete, insert, keyboard" in attack.allowed()
