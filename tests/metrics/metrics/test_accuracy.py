from firstwords.metrics.metrics.accuracy import Accuracy


def test_accuracy_counts_equal_answers():
    items = {"gold": ["a", "b", "c", "a"], "predicted": ["a", "b", "a", "c"]}
    assert Accuracy().value(items) == 0.5
    assert Accuracy().name == "accuracy"
