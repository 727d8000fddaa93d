"""The trainer of boosted trees: learns what can be learnt, exactly the same each time, and says what it learnt."""

import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trees(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.data.trees")


def examples(num: int = 3000):
    draw = np.random.default_rng(0)
    features = draw.integers(-50, 50, (num, 5)).astype(np.int32)
    # Neither column says anything alone.
    return features, (features[:, 1] > 7) != (features[:, 3] > -4)


def test_it_learns_what_no_single_feature_tells(trees) -> None:
    features, labels = examples()
    settings = trees.Settings(num_trees=40, columns=1.0, rate=0.3, depth=3)
    found = trees.train(features, labels, np.ones(len(labels)), settings)
    other, truth = examples(6000)
    assert ((found.margins(other)[3000:] > 0) == truth[3000:]).mean() > 0.98
    again = trees.train(features, labels, np.ones(len(labels)), settings)
    assert all((getattr(found, name) == getattr(again, name)).all() for name in ("feature", "number", "right"))


def test_margins_are_log_odds(trees) -> None:
    features = np.zeros((1000, 1), np.int32)
    features[500:] = 1
    labels = np.arange(1000) % 4 == 0
    settings = trees.Settings(num_trees=200, rows=1.0, columns=1.0, smoothing=0.001, min_weight=1.0)
    found = trees.train(features, labels, np.ones(1000), settings)
    # A quarter are yes, whatever the feature says: ln(1/3).
    assert found.margins(features)[0] / 65536 == pytest.approx(np.log(1 / 3), abs=0.01)


def test_weights_count_as_copies(trees) -> None:
    features = np.array([[0], [1]] * 500, np.int32)
    labels = features[:, 0] == 1
    labels[:100] = True
    weights = np.where(labels, 1.0, 3.0)
    settings = trees.Settings(num_trees=200, rows=1.0, columns=1.0, smoothing=0.001, min_weight=1.0)
    margins = trees.train(features, labels, weights, settings).margins(np.array([[0]], np.int32))
    assert margins[0] / 65536 == pytest.approx(np.log(50 / (3 * 450)), abs=0.05)
