import json
import random

import numpy as np
import pyarrow as pa
import pytest

from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.evaluation.compare import compare, compare_all, compare_models
from firstwords.evaluation.tasks.classification import Classification
from firstwords.evaluation.tasks.entities import Entities
from firstwords.evaluation.tasks.perplexity import Perplexity
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte
from firstwords.metrics.metrics.entity_score import EntityScore
from firstwords.metrics.metrics.macro_f1 import MacroF1
from firstwords.metrics.metrics.perplexity import Perplexity as PerToken
from firstwords.metrics.statistics import mcnemar
from firstwords.recipe import configuration


def evaluation(folder, tasks):
    """A finished evaluation; tasks maps a name to (task, metrics, items)."""
    results = {}
    for name, (task, metrics, items) in tasks.items():
        results[name] = {
            metric.name: {"value": metric.value(items), "low": None, "high": None, "baseline": {}} for metric in metrics
        }
        record = {
            "name": name,
            "task": configuration(task),
            "inputs": {"model": {"name": task.model, "identity": str(task.model)}},
            "metrics": {metric.name: {"metric": configuration(metric)} for metric in metrics},
        }
        (folder / "tasks").mkdir(parents=True, exist_ok=True)
        (folder / "tasks" / f"{name}.json").write_text(json.dumps(record))
        write_table(folder / "items" / f"{name}.parquet", pa.table(items))
    (folder / "results.json").write_text(json.dumps(results))
    return folder


def answers(share, number=400, pages=None, seed=0):
    """Items of which about so many are right; an item is as hard for everybody."""
    draws, own = random.Random(1), random.Random(seed)
    gold = [draws.choice("abc") for _ in range(number)]
    hard = [draws.random() for _ in range(number)]
    right = [h < share and own.random() < 0.98 for h in hard]
    predicted = [g if r else "abc"["abc".index(g) - 1] for g, r in zip(gold, right, strict=True)]
    groups = [f"page{i * pages // number}" if pages else f"item{i}" for i in range(number)]
    return {"id": [str(i) for i in range(number)], "group": groups, "gold": gold, "predicted": predicted}


def classified(folder, items):
    return evaluation(folder, {"subjects": (Classification(name="subjects"), (Accuracy(), MacroF1()), items)})


def test_a_better_run_is_called_better_and_an_equal_one_is_not(tmp_path):
    first = classified(tmp_path / "a", answers(0.80, pages=50))
    second = classified(tmp_path / "b", answers(0.88, pages=50))
    accuracy, macro = compare(first, second).rows
    assert (accuracy.task, accuracy.metric, macro.metric) == ("subjects", "accuracy", "macro_f1")
    assert accuracy.better == macro.better == "second"
    assert accuracy.difference == pytest.approx(accuracy.second - accuracy.first)
    assert 0 < accuracy.low < accuracy.difference < accuracy.high
    assert (accuracy.items, accuracy.units, accuracy.method) == (400, 50, "paired bootstrap")
    back = compare(second, first).rows[0]
    assert (back.better, back.difference) == ("first", pytest.approx(-accuracy.difference))
    again = compare(first, classified(tmp_path / "c", answers(0.80, pages=50, seed=5))).rows[0]
    assert again.better == "neither" and again.low < 0 < again.high


def test_single_right_or_wrong_items_are_judged_by_mcnemar(tmp_path):
    both = [answers(0.80), answers(0.85, seed=3)]
    folders = [
        evaluation(tmp_path / str(i), {"t": (Classification(name="t"), (Accuracy(),), items)})
        for i, items in enumerate(both)
    ]
    [row] = compare(*folders).rows
    right = [[g == p for g, p in zip(items["gold"], items["predicted"], strict=True)] for items in both]
    assert row.method == "McNemar's test"
    assert row.p_value == mcnemar(*right) < 0.05
    assert row.low < row.difference < row.high


def test_only_shared_items_are_paired_whatever_their_order(tmp_path):
    whole = answers(0.8)
    part = {name: column[100:350][::-1] for name, column in answers(0.9, seed=2).items()}
    row = compare(classified(tmp_path / "a", whole), classified(tmp_path / "b", part)).rows[0]
    assert row.items == 250
    kept = {name: column[100:350] for name, column in whole.items()}
    assert row.first == Accuracy().value(kept)


def test_an_item_with_another_gold_answer_is_another_item(tmp_path):
    changed = answers(0.8)
    changed["gold"] = ["abc"["abc".index(g) - 2] if i < 30 else g for i, g in enumerate(changed["gold"])]
    row = compare(classified(tmp_path / "a", answers(0.8)), classified(tmp_path / "b", changed)).rows[0]
    assert row.items == 370


def test_different_items_are_compared_unpaired(tmp_path):
    other = answers(0.9, seed=2)
    other["id"] = [f"other{i}" for i in other["id"]]
    row = compare(classified(tmp_path / "a", answers(0.7)), classified(tmp_path / "b", other)).rows[0]
    assert row.method == "unpaired bootstrap"
    assert row.better == "second"


def language(folder, nats, tokens):
    number = len(nats)
    items = {
        "id": [str(i) for i in range(number)],
        "group": [str(i // 2) for i in range(number)],
        "bytes": [100] * number,
        "tokens": tokens,
        "nats": nats,
    }
    return evaluation(folder, {"language": (Perplexity(name="language"), (BitsPerByte(), PerToken()), items)})


def test_lower_bits_are_better_and_perplexities_of_different_tokens_are_left_out(tmp_path):
    draws = random.Random(0)
    nats = [draws.uniform(90, 130) for _ in range(60)]
    first = language(tmp_path / "a", nats, [30] * 60)
    same_tokens = compare(first, language(tmp_path / "b", [0.9 * n for n in nats], [30] * 60))
    assert [(row.metric, row.better) for row in same_tokens.rows] == [
        ("bits_per_byte", "second"),
        ("perplexity", "second"),
    ]
    other_tokens = compare(first, language(tmp_path / "c", [0.9 * n for n in nats], [20] * 60))
    assert [row.metric for row in other_tokens.rows] == ["bits_per_byte"]
    assert other_tokens.left_out == ("language: perplexity is not comparable, tokens differ",)


def test_tags_and_metrics_with_fields_come_back(tmp_path):
    tags = [["B-x", "O"], ["B-y", "I-y"], ["O", "B-x"]] * 40
    wrong = [["O", "O"], ["B-y", "I-y"], ["O", "B-x"]] * 40
    metrics = (EntityScore(), EntityScore(type="x"), EntityScore(mode="strict"))
    folders = []
    for name, predicted in (("a", wrong), ("b", tags)):
        items = {"id": [str(i) for i in range(120)], "group": [str(i) for i in range(120)]}
        items |= {"gold": tags, "predicted": predicted}
        folders.append(evaluation(tmp_path / name, {"entities": (Entities(), metrics, items)}))
    comparison = compare(*folders)
    assert [row.metric for row in comparison.rows] == ["entity_f1", "entity_f1 (x)", "entity_f1_strict"]
    assert {row.better for row in comparison.rows} == {"second"}
    assert comparison.rows[0].first == pytest.approx(0.8)


def test_p_values_are_corrected_for_their_number(tmp_path):
    items = [answers(0.80, pages=40), answers(0.835, pages=40, seed=4)]
    alone = [
        evaluation(tmp_path / f"alone{i}", {"t": (Classification(name="t"), (Accuracy(),), x)})
        for i, x in enumerate(items)
    ]
    names = [f"t{i}" for i in range(5)]
    many = [
        evaluation(tmp_path / f"many{i}", {n: (Classification(name=n), (Accuracy(),), x) for n in names})
        for i, x in enumerate(items)
    ]
    p_value = compare(*alone).rows[0].p_value
    assert [row.p_value for row in compare(*many).rows] == pytest.approx([min(1.0, 5 * p_value)] * 5)


def test_several_runs_are_compared_with_the_first_and_corrected_together(tmp_path):
    runs = [
        classified(tmp_path / n, answers(share, pages=50)) for n, share in zip("abc", (0.8, 0.81, 0.95), strict=True)
    ]
    near, far = compare_all(runs)
    assert (near.first, near.second, far.second) == (str(runs[0]), str(runs[1]), str(runs[2]))
    alone = compare(runs[0], runs[1]).rows[0]
    assert near.rows[0].difference == alone.difference
    assert near.rows[0].p_value >= alone.p_value
    assert {row.better for row in far.rows} == {"second"}
    plain = json.loads(json.dumps(far.as_json()))
    assert plain["rows"][0]["metric"] == "accuracy" and plain["left_out"] == []
    with pytest.raises(RecipeError, match="two runs"):
        compare_all(runs[:1])


def right(items):
    return np.array([g == p for g, p in zip(items["gold"], items["predicted"], strict=True)], float)


def test_effect_and_smallest_difference_are_those_of_the_paired_answers(tmp_path):
    both = answers(0.80), answers(0.85, seed=3)
    row = compare(*(classified(tmp_path / str(i), items) for i, items in enumerate(both))).rows[0]
    differences = right(both[1]) - right(both[0])
    assert row.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))
    # 2.80 standard errors: 1.960 for the alarm and 0.842 for 80 % of power.
    assert row.smallest_difference == pytest.approx(2.8016 * differences.std(ddof=1) / 20, rel=1e-3)


def test_answers_to_other_items_show_less(tmp_path):
    both = answers(0.80), answers(0.85, seed=3)
    both[1]["id"] = [f"other{i}" for i in both[1]["id"]]
    row = compare(*(classified(tmp_path / str(i), items) for i, items in enumerate(both))).rows[0]
    deviations = [right(items).std(ddof=1) for items in both]
    assert row.smallest_difference == pytest.approx(2.8016 * np.hypot(*deviations) / 20, rel=1e-3)
    assert row.effect_size == pytest.approx(row.difference / (np.hypot(*deviations) / 2**0.5))


def test_models_that_were_asked_the_same_in_one_run_show_what_was_forgotten(tmp_path):
    draws = random.Random(0)
    nats = [draws.uniform(90, 130) for _ in range(60)]

    def items(scale):
        names = [str(i) for i in range(60)]
        return {
            "id": names,
            "group": names,
            "bytes": [100] * 60,
            "tokens": [30] * 60,
            "nats": [scale * n for n in nats],
        }

    metrics = (BitsPerByte(),)
    folder = evaluation(
        tmp_path,
        {
            "before": (Perplexity(name="before", model="pretrain.base"), metrics, items(1.0)),
            "after": (Perplexity(name="after", model="pretrain.law"), metrics, items(1.1)),
            "other": (Perplexity(name="other", model="pretrain.law", split="validation"), metrics, items(0.5)),
        },
    )
    [row] = compare_models(folder)
    assert (row.task, row.metric, row.better) == ("before -> after", "bits_per_byte", "first")
    assert row.difference == pytest.approx(0.1 * row.first)
    assert compare_models(classified(tmp_path / "one", answers(0.8))) == ()


def test_tasks_of_one_run_alone_are_named(tmp_path):
    tasks = {n: (Classification(name=n), (Accuracy(),), answers(0.8)) for n in ("x", "y", "z")}
    first = evaluation(tmp_path / "a", {n: tasks[n] for n in "xy"})
    second = evaluation(tmp_path / "b", {n: tasks[n] for n in "yz"})
    comparison = compare(first, second)
    assert [row.task for row in comparison.rows] == ["y"]
    assert comparison.left_out == ("x: only in the first", "z: only in the second")
    with pytest.raises(RecipeError, match="no task in common"):
        compare(evaluation(tmp_path / "c", {"x": tasks["x"]}), evaluation(tmp_path / "d", {"z": tasks["z"]}))


def test_what_is_no_evaluation_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"no results\.json"):
        compare(tmp_path, tmp_path)
