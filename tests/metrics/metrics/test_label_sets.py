import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.metrics.metrics.label_sets import LabelSets

SETS = st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from("abc"))), min_size=1, max_size=12)


@given(SETS)
def test_figures_are_those_of_scikit_learn(pairs) -> None:
    from sklearn.metrics import f1_score

    gold, found = (np.array([[name in each[side] for name in "abc"] for each in pairs]) for side in (0, 1))
    items = {"gold": [sorted(g) for g, _ in pairs], "predicted": [sorted(p) for _, p in pairs]}
    occurring = [n for n in range(3) if gold[:, n].any() or found[:, n].any()]
    for average in ("micro", "macro"):
        expected = f1_score(gold[:, occurring], found[:, occurring], average=average, zero_division=0.0, labels=range(len(occurring))) if len(occurring) > 1 else None  # fmt: skip # noqa: E501
        value = LabelSets(average=average).value(items)
        if expected is not None:
            assert value == pytest.approx(expected)
    if not occurring:
        assert LabelSets().value(items) == 1.0


def test_names() -> None:
    assert (LabelSets().name, LabelSets(average="macro").shown_as) == ("micro_f1", "macro-F1 {}")
