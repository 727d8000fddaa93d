import pytest

from firstwords.metrics.metrics.token_f1 import TokenF1


def test_the_nearest_accepted_answer_counts():
    items = {"gold": [["blue bird", "red house"], "cat"], "predicted": ["a red car", "dog"]}
    assert TokenF1().value(items) == pytest.approx(0.25)
