"""The lowest accuracy over draws."""

import numpy as np

from firstwords.metrics.metrics.worst_draw import WorstDraw


def items(rights):
    rows = [(draw, right) for draw, each in enumerate(rights) for right in each]
    return {"gold": ["a"] * len(rows), "predicted": ["ba"[r] for _, r in rows], "draw": [d for d, _ in rows]}


def test_the_worst_draw_counts() -> None:
    assert WorstDraw().value(items([[1, 1, 0, 1], [1, 0, 0, 0], [1, 1]])) == 0.25


def test_a_draw_without_items_is_passed_over() -> None:
    assert WorstDraw().figure(np.array([[0.0, 3.0, 0.0, 4.0]])) == 0.75


def test_one_draw_is_the_accuracy() -> None:
    assert WorstDraw().value(items([[1, 0]])) == 0.5
