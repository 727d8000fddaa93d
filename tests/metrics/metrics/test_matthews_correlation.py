import runpy
from pathlib import Path

import pytest

from firstwords.metrics.metrics.matthews_correlation import MatthewsCorrelation

STORED = runpy.run_path(str(Path(__file__).parents[1] / "references.py"))["stored"]


def test_it_is_that_of_scikit_learn():
    for case, figures in STORED("labels"):
        assert MatthewsCorrelation().value(case) == pytest.approx(figures["matthews_correlation"], abs=1e-9)


@pytest.mark.parametrize(
    ("gold", "predicted", "value"), [("aabb", "aabb", 1.0), ("aabb", "bbaa", -1.0), ("aabb", "aaaa", 0.0)]
)
def test_extremes(gold, predicted, value):
    assert MatthewsCorrelation().value({"gold": list(gold), "predicted": list(predicted)}) == value
