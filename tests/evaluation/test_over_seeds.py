import pytest

from firstwords.evaluation.over_seeds import over_seeds, seeds_text
from firstwords.evaluation.table import figure_text, result_lines
from firstwords.metrics.metrics.accuracy import Accuracy

ITEMS = {
    seed: {"id": list(range(4)), "gold": ["a"] * 4, "predicted": ["a"] * right + ["b"] * (4 - right)}
    for seed, right in {0: 2, 1: 3, 7: 4}.items()
}


def test_mean_spread_and_worst() -> None:
    found = over_seeds(Accuracy(), ITEMS)
    assert found == {"mean": 0.75, "spread": 0.25, "worst": 0.5, "values": {"0": 0.5, "1": 0.75, "7": 1.0}}
    assert seeds_text(found, figure_text) == "3 seeds: mean 0.750, spread 0.250, worst 0.500"


def test_they_stand_below_the_score_in_80_columns() -> None:
    entry = {"value": 0.75, "low": 0.5, "high": 0.9, "baseline": {"majority": 0.1, "TF-IDF": 0.7}}
    task = {
        "name": "subjects",
        "results": {"accuracy": entry | {"seeds": over_seeds(Accuracy(), ITEMS)}},
        "metrics": {"accuracy": {"label": "accuracy {}", "is_detail": False}},
    }
    first, second = result_lines([task])
    assert second.strip() == "3 seeds: mean 0.750, spread 0.250, worst 0.500"
    assert second.index("3") == first.index("accuracy")
    assert max(map(len, (first, second))) <= 80


@pytest.mark.parametrize("missing", ["seeds"])
def test_one_seed_says_nothing(missing) -> None:
    entry = {"value": 0.75, "low": None, "high": None, "baseline": {}}
    task = {"name": "x", "results": {"a": entry}, "metrics": {"a": {"label": "a {}", "is_detail": False}}}
    assert missing not in "".join(result_lines([task]))
