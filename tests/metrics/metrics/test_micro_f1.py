import runpy
from pathlib import Path

import pytest

from firstwords.metrics.metrics.micro_f1 import MicroF1

STORED = runpy.run_path(str(Path(__file__).parents[1] / "references.py"))["stored"]


def test_it_is_that_of_scikit_learn():
    for case, figures in STORED("labels"):
        assert MicroF1().value(case) == pytest.approx(figures["micro_f1"], abs=1e-9)


def test_several_labels_or_none():
    items = {"gold": [["a", "b"], [], ["c"]], "predicted": [["a"], ["b"], ["c"]]}
    assert MicroF1().value(items) == pytest.approx(2 * 2 / (3 + 3))
