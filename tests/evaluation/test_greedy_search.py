import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.dataset import TextRecord
from firstwords.evaluation.attack import Subject
from firstwords.evaluation.attacks.character import Character
from firstwords.evaluation.greedy_search import attacked_all

TOY = runpy.run_path(str(Path(__file__).parent / "attacked_texts.py"))
TEXTS = [
    "a wonderful film that nobody should ever miss",
    "a wonderful and great and lovely film that nobody should miss at all because it is worth every single minute",
    "nothing here is worth the money or the time",
]


def attack(texts=TEXTS, label="good", asked=None, seed=0, **fields):
    chosen = Character(**fields)
    return attacked_all(
        chosen,
        chosen.proposer(None, []),
        TOY["victim"](asked),
        [Subject.of(TextRecord(str(n), str(n), text, label)) for n, text in enumerate(texts)],
        lambda number: np.random.default_rng([seed, number]),
        lambda done, total: None,
    )


def test_the_word_that_matters_is_misspelt_and_nothing_else():
    (found, *_) = attack()
    assert found.was_right and not found.is_right
    assert (found.clean, found.answer) == ("good", "bad")
    differing = [a for a, b in zip(TEXTS[0].split(), found.subject.shown.split(), strict=True) if a != b]
    assert differing == ["wonderful"]
    assert found.changed == 1 / 8


def test_what_was_wrong_is_not_attacked():
    found = attack()[2]
    assert not found.was_right and not found.is_right
    assert found.queries == 1 and found.changed == 0


def test_no_more_words_change_than_allowed():
    assert not attack()[1].is_right  # three of twenty words
    held = attack(max_share=0.1)[1]
    assert held.is_right and held.changed == 2 / 20


@pytest.mark.parametrize("budget", [2, 5, 11])
def test_no_more_texts_are_asked_about_than_allowed(budget):
    for text in TEXTS:
        asked = []
        (found,) = attack([text], asked=asked, max_queries=budget)
        assert found.queries == len(asked) <= budget
        assert len({each.shown for each in asked}) == len(asked)  # never the same twice


def test_items_do_not_depend_on_their_neighbours():
    together = attack(TEXTS * 30)
    for number in (0, 1, 40):
        chosen = Character()
        (alone,) = attacked_all(
            chosen, chosen.proposer(None, []), TOY["victim"](),
            [Subject.of(TextRecord("x", "x", (TEXTS * 30)[number], "good"))],
            lambda _, n=number: np.random.default_rng([0, n]), lambda *_: None,
        )  # fmt: skip
        assert alone == together[number]


def test_the_seed_decides_what_is_tried():
    assert attack(seed=1) == attack(seed=1)
    assert [e.subject for e in attack(seed=1)] != [e.subject for e in attack(seed=2)]
