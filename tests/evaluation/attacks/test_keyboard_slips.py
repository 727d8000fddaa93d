import numpy as np

from firstwords.data.dataset import TextRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.keyboard_slips import KeyboardSlips

SUBJECT = Subject.of(TextRecord("a", "a", "the wonderful film , really", "good"))


def test_candidates_are_edits_of_one_word():
    attack = KeyboardSlips()
    assert attack.places(SUBJECT) == [1, 2, 4]
    found = attack.proposer(None, [])(SUBJECT, 1, np.random.default_rng(0))
    assert len(found) == 12
    for each in found:
        assert each.words[0] == "the" and each.words[2:] == SUBJECT.words[2:]
        assert each.words[1][0] == "w" and each.words[1][-1] == "l" and each.words[1] != "wonderful"
    assert "keyboard" in attack.allowed()
