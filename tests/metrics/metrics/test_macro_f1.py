import pytest

from firstwords.metrics.metrics.macro_f1 import MacroF1


def test_a_rare_class_counts_as_much_as_a_frequent_one():
    gold = ["a"] * 9 + ["b"]
    # F1 of a: 18 / 19; of b: 0.
    assert MacroF1().value({"gold": gold, "predicted": ["a"] * 10}) == pytest.approx(9 / 19)
    assert MacroF1().value({"gold": gold, "predicted": gold}) == 1.0
