import pytest

from firstwords.metrics.metrics.attack_score import AttackScore

ITEMS = {
    "was_right": [True, True, True, False],
    "is_right": [True, False, False, False],
    "queries": [10, 20, 30, 1],
    "changed": [0.5, 0.1, 0.3, 0.0],
}


@pytest.mark.parametrize(("score", "figure"), [("lost", 0.5), ("success", 2 / 3), ("queries", 20), ("changed", 0.2)])
def test_figures_are_over_the_right_items(score, figure):
    assert AttackScore(score=score).value(ITEMS) == pytest.approx(figure)


def test_an_attack_that_never_succeeds_has_finite_figures():
    items = {"was_right": [False], "is_right": [False], "queries": [1], "changed": [0.0]}
    assert [AttackScore(score=s).value(items) for s in ("lost", "success", "queries", "changed")] == [0, 0, 0, 0]
