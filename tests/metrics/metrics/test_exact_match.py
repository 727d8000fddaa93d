import pytest

from firstwords.metrics.metrics.exact_match import ExactMatch


@pytest.mark.parametrize(
    ("compare", "gold", "predicted", "right"),
    [
        ("normalised", "The Cat.", "cat", 1),
        ("normalised", ["dog", "the cat"], "Cat!", 1),
        ("normalised", "cat", "cats", 0),
        ("exact", "cat", "cat", 1),
        ("exact", ["Cat"], "cat", 0),
        ("exact", ["-5", "5"], "-5", 1),
    ],
)
def test_what_counts(compare, gold, predicted, right):
    assert ExactMatch(compare=compare).value({"gold": [gold], "predicted": [predicted]}) == right


def test_the_interval_is_wilsons():
    items = {"gold": ["a"] * 10, "predicted": ["a"] * 7 + ["b"] * 3}
    assert ExactMatch().interval(items).method == "wilson"
