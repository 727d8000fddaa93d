"""Partners come from the part, never the text itself, in turn of its own label and of others."""

import numpy as np

from firstwords.training.batch import Example
from firstwords.training.partners import partnered


def rows(labels):
    return [Example(np.array([3 + n, 4], np.int32), label, None, n) for n, label in enumerate(labels)]


def test_partners_take_turns() -> None:
    asked = partnered(rows([0, 0, 0, 1, 1]), 4)[0]
    for seed in range(10):
        found = asked.draw(np.random.default_rng(seed), 4)
        assert [each.labels == 0 for each in found] == [True, False, True, False]
        assert all(each.row != 0 for each in found)


def test_a_lonely_label_has_other_partners_only() -> None:
    asked = partnered(rows([0, 1, 1]), 2)[0]
    assert [each.labels for each in asked.draw(np.random.default_rng(0), 3)] == [1, 1, 1]


def test_a_row_counts_its_partners() -> None:
    assert len(partnered(rows([0, 1, 0]), 4)[0]) == 2 + 4 * 2
