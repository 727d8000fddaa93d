"""Easy rows come sooner, every row once, and only in the epochs that are ordered."""

import numpy as np
import pytest

from firstwords.training.batch import Example
from firstwords.training.curriculum import RowOrder, mean_lengths, mean_surprise


def rows_of_lengths(lengths):
    rows = []
    for row, length in enumerate(lengths):
        bounds = np.arange(0, 65, length)
        rows.append(Example(np.zeros(64, np.int32), bounds=bounds, row=row))
    return rows


def rows_of_words(words):
    return [Example(np.full(8, word, np.int32), row=row) for row, word in enumerate(words)]


def test_difficulties():
    assert mean_lengths(rows_of_lengths([4, 64, 16])).tolist() == [4, 64, 16]
    surprise = mean_surprise(rows_of_words([5, 9, 5, 5]))
    assert surprise[1] == pytest.approx(np.log(4))
    assert surprise[0] == pytest.approx(np.log(4 / 3))


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("short_first", rows_of_lengths([64, 32, 16, 8, 4, 2] * 20)),
        ("simple_first", rows_of_words([7] * 30 + [8] * 90)),
    ],
)
def test_easy_rows_come_sooner_and_every_row_once(order, rows):
    made = RowOrder(rows, order, seed=1)
    difficulty = (mean_lengths if order == "short_first" else mean_surprise)(rows)
    first, second = made.permutation(0), made.permutation(1)
    for found in (first, second):
        assert sorted(found.tolist()) == list(range(120))
    assert difficulty[first[:40]].mean() < 0.8 * difficulty[first[-40:]].mean()
    assert second.tolist() == RowOrder(rows, "shuffled", seed=1).permutation(1).tolist()
    assert made.permutation(0).tolist() == first.tolist()


def test_rows_of_one_difficulty_are_still_mixed():
    made = RowOrder(rows_of_words([7] * 50), "simple_first", seed=1)
    assert made.permutation(0).tolist() != list(range(50))
    assert (
        made.permutation(0).tolist()
        != RowOrder(rows_of_words([7] * 50), "simple_first", seed=2).permutation(0).tolist()
    )
