import pytest

from firstwords.evaluation.over_seeds import seeds_entry
from firstwords.evaluation.table import result_lines, seeds_text
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte
from firstwords.metrics.metrics.macro_f1 import MacroF1

NAMES = [str(number) for number in range(4)]
ITEMS = {
    seed: {"id": NAMES, "group": NAMES, "gold": ["a"] * 4, "predicted": ["a"] * right + ["b"] * (4 - right)}
    for seed, right in {0: 2, 1: 3, 7: 4}.items()
}


def test_mean_spread_and_worst() -> None:
    found = seeds_entry(Accuracy(), ITEMS)
    assert (found["mean"], found["spread"], found["worst"]) == (0.75, pytest.approx(0.25), 0.5)
    assert found["values"] == {"0": 0.5, "1": 0.75, "7": 1.0}
    assert found["low"] < 0.5 and found["high"] == 1.0 and found["item_error"] > 0


def test_the_worst_of_what_should_be_small_is_the_largest() -> None:
    items = {s: {"id": NAMES, "group": NAMES, "bytes": [10] * 4, "nats": [s + 1.0] * 4} for s in (0, 1)}
    found = seeds_entry(BitsPerByte(), items)
    assert found["worst"] == max(found["values"].values()) == 2 * found["values"]["0"]


def test_each_value_is_the_metrics_own_though_seeds_give_other_labels() -> None:
    found = seeds_entry(MacroF1(), ITEMS)
    assert found["values"] == {str(seed): pytest.approx(MacroF1().value(items)) for seed, items in ITEMS.items()}


def test_they_stand_below_the_score_in_80_columns() -> None:
    entry = {"value": 0.75, "low": 0.5, "high": 0.9, "baseline": {"majority": 0.1, "TF-IDF": 0.7}}
    task = {
        "name": "subjects",
        "results": {"accuracy": entry | {"seeds": seeds_entry(Accuracy(), ITEMS)}},
        "metrics": {"accuracy": {"label": "accuracy {}", "is_detail": False}},
    }
    first, second = result_lines([task])
    assert second.strip().startswith("3 seeds: mean 0.750 [") and second.endswith(" spread 0.250 worst 0.500")
    assert second.index("3") == first.index("accuracy")
    assert max(map(len, (first, second))) <= 80
    assert seeds_text({"mean": 1, "low": None, "high": None, "spread": 0, "worst": 1, "values": {"0": 1, "1": 1}}) == (
        "2 seeds: mean 1.000 spread 0.000 worst 1.000"
    )


def test_one_seed_says_nothing() -> None:
    entry = {"value": 0.75, "low": None, "high": None, "baseline": {}}
    task = {"name": "x", "results": {"a": entry}, "metrics": {"a": {"label": "a {}", "is_detail": False}}}
    assert "seeds" not in "".join(result_lines([task]))
