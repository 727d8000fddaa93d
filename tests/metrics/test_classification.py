import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from firstwords.metrics.classification import accuracy, confusion, label_counts, macro_f1, macro_f1_from_counts

answers = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcdf")), min_size=1, max_size=60)


@pytest.mark.filterwarnings("ignore:A single label")
@given(answers)
def test_equal_to_scikit_learn(pairs):
    gold, predicted = map(list, zip(*pairs, strict=True))
    assert accuracy(gold, predicted) == pytest.approx(accuracy_score(gold, predicted), abs=1e-12)
    assert macro_f1(gold, predicted) == pytest.approx(
        f1_score(gold, predicted, average="macro", zero_division=0), abs=1e-12
    )
    labels, matrix = confusion(gold, predicted)
    assert matrix.tolist() == confusion_matrix(gold, predicted, labels=labels).tolist()


def test_labels_that_never_occur_do_not_lower_macro_f1():
    counts = label_counts(["a", "b"], ["a", "b"], ["a", "b", "unused"])
    assert macro_f1_from_counts(counts.sum(axis=0)) == 1.0


def test_many_resamples_at_once_equal_one_after_another():
    counts = label_counts(["a", "b", "b"], ["a", "a", "b"], ["a", "b"])
    one, other = counts[:2].sum(axis=0), counts[1:].sum(axis=0)
    together = macro_f1_from_counts(counts[[[0, 1], [1, 2]]].sum(axis=1))
    assert together.tolist() == [macro_f1_from_counts(one), macro_f1_from_counts(other)]


def test_confusion_keeps_the_order_it_is_given():
    labels, matrix = confusion(["a", "b"], ["b", "b"], ["b", "a"])
    assert labels == ["b", "a"]
    assert matrix.tolist() == [[1, 0], [1, 0]]


@pytest.mark.parametrize("figure", [accuracy, macro_f1, confusion])
@pytest.mark.parametrize(("gold", "predicted"), [([], []), (["a"], ["a", "b"])])
def test_nothing_and_unequal_lengths_are_refused(figure, gold, predicted):
    with pytest.raises(ValueError):
        figure(gold, predicted)


def test_a_label_outside_the_given_ones_is_refused():
    with pytest.raises(ValueError, match="'z'"):
        confusion(["a"], ["z"], ["a"])
