from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from firstwords.find import catalogue, find
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.statistics import UNBOUNDED, wilson

EXAMPLE = {
    "gold": ["a", "b", "b", "a"],
    "predicted": ["a", "b", "a", "a"],
    "nats": [3.0, 1.0, 4.0, 1.0],
    "bytes": [9, 2, 6, 5],
    "tokens": [3, 1, 2, 2],
    "good": [-3.0, -1.0, -2.0, -2.0],
    "bad": [-4.0, -1.0, -1.0, -5.0],
    "phenomenon": ["a", "a", "b", "b"],
    "confidence": [0.9, 0.6, 0.8, 0.7],
    "squared_error": [0.1, 0.3, 1.2, 0.2],
}
CHOICES = {
    "gold": [0, 1, 2, 0],
    "log_likelihoods": [[-1.0, -3.0], [-2.0, -1.0], [-4.0, -3.0, -5.0], [-1.0, -2.0]],
    "characters": [[2, 9], [3, 3], [1, 2, 8], [4, 4]],
}
TAGS = {"gold": [["B-x", "O"], ["O"], ["B-y"]], "predicted": [["B-x", "O"], ["B-x"], ["O"]]}


@dataclass(frozen=True, kw_only=True)
class MeanOfNumbers(Metric):
    label: ClassVar[str] = "mean"
    bounds: ClassVar[tuple[float, float]] = UNBOUNDED

    def statistics(self, items):
        return np.array([items["number"], [1] * len(items["number"])], dtype=float).T

    def figure(self, sums):
        return sums[..., 0] / sums[..., 1]


def test_two_methods_make_a_metric_with_an_interval():
    numbers = {"number": list(range(100))}
    interval = MeanOfNumbers().interval(numbers)
    assert interval.value == MeanOfNumbers().value(numbers) == 49.5
    # The normal interval of this mean is 49.5 +- 1.96 * 29.0 / 10.
    assert (interval.low, interval.high) == pytest.approx((43.8, 55.2), abs=0.4)


def test_single_right_or_wrong_items_get_wilson_and_groups_get_resampled():
    single = Accuracy().interval(EXAMPLE)
    assert (single.low, single.high) == (wilson(3, 4).low, wilson(3, 4).high)
    assert Accuracy().interval(EXAMPLE, groups=["p", "q", "r", "s"]).method == "wilson"
    assert Accuracy().interval(EXAMPLE, groups=["p", "p", "q", "q"]).method == "jackknife"


def test_no_items_have_no_figure():
    with pytest.raises(ValueError, match="no items"):
        Accuracy().value({"gold": [], "predicted": []})


# What a metric reads, where it is not in `EXAMPLE`, and the fields that it cannot do without.
PAIRS = {
    "gold": [0, 1, 0],
    "chosen": [-1.0, -2.0, -3.0],
    "rejected": [-2.0, -1.0, -9.0],
    "chosen_reference": [-1.5, -2.0, -3.0],
    "rejected_reference": [-2.0, -2.0, -9.0],
}
ATTACKED = {
    "gold": [0, 1, 0, 1],
    "was_right": [True, True, False, True],
    "is_right": [False, True, False, False],
    "queries": [4, 9, 0, 2],
    "changed": [0.1, 0.0, 0.0, 0.2],
}
CHANGED = {
    "gold": [0] * 4,
    "part": ["a", "a", "b", "a"],
    "nats": [8.0, 9.0, 7.0, 4.0],
    "nats_before": [9.0, 9.5, 6.0, 5.0],
    "bytes": [10, 11, 9, 5],
}
OWN_ITEMS = {
    "entity_score": TAGS,
    "choice_accuracy": CHOICES,
    "centred_accuracy": CHOICES,
    "attack_score": ATTACKED,
    "change_in_bits": CHANGED,
    "chosen_log_probability": PAIRS,
    "preference": PAIRS,
    "exposure": {"gold": [0] * 4, "times": [1, 1, 4, 1], "exposure": [1.0, 2.0, 9.0, 0.5]},
    "share_of_items": {"gold": [0] * 4, "found": [True, False, None, True]},
    "worst_draw": EXAMPLE | {"draw": [0, 0, 1, 1]},
}
FIELDS = {"change_in_bits": {"part": "a"}, "exposure": {"times": 1}, "share_of_items": {"column": "found"}}


@pytest.mark.parametrize("kind", catalogue("metrics.metrics"))
def test_every_metric_is_a_figure_of_sums(kind):
    metric = find("metrics.metrics", kind)(**FIELDS.get(kind, {}))
    items = OWN_ITEMS.get(kind, EXAMPLE)
    statistics = metric.statistics(items)
    assert statistics.shape[0] == len(items["gold"])
    stacked = np.stack([statistics.sum(axis=0), 2 * statistics.sum(axis=0)])
    # Doubling every item changes no figure, and many sums are worked on at once.
    assert metric.figure(stacked) == pytest.approx([metric.value(items)] * 2)
    assert metric.name and metric.shown_as
    interval = metric.interval(items, groups=["p", "q", "r", "s"][: len(items["gold"])])
    assert interval.low <= metric.value(items) <= interval.high
    assert metric.bounds[0] <= interval.low <= interval.high <= metric.bounds[1]
