"""Runs of `evaluate` side by side: which differences are more than chance?

Where two runs scored the same items, the items are compared pairwise (what is hard for both then cancels), else the
runs are resampled each on its own. All p-values of one question are corrected together (Holm), also those of several
runs beside one reference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.find import find
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.power import ALARM, Strength, paired_strength, unpaired_strength
from firstwords.metrics.statistics import Difference, holm, mcnemar, paired_bootstrap, unpaired_bootstrap
from firstwords.recipe import build


@dataclass(frozen=True)
class Row:
    """One metric of one task in both runs.

    Attributes:
        task: Name of the task.
        metric: Name of the metric.
        label: What a table calls it.
        first: Figure of the first run, over the items compared.
        second: Figure of the second run, over the items compared.
        difference: Second minus first, with bounds `low` and `high` (None where they are unknown).
        p_value: Two-sided, corrected for the number of figures compared.
        method: As `Difference.method`, or `McNemar's test` (for the p-value).
        items: Items compared (of the smaller run where they are not paired).
        units: Units resampled.
        better: `first`, `second`, or `neither` where the difference may be chance.
        effect_size: See `metrics.power.Strength`; None where it is undefined.
        smallest_difference: The smallest true difference that these items would show in 80 of 100 such comparisons
            (before the correction); None where it is unknown.
    """

    task: str
    metric: str
    label: str
    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    p_value: float
    method: str
    items: int
    units: int
    better: str
    effect_size: float | None = None
    smallest_difference: float | None = None


@dataclass(frozen=True)
class Comparison:
    """All figures that two runs have in common, and what was left out and why."""

    first: str
    second: str
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": [asdict(row) for row in self.rows],
            "left_out": list(self.left_out),
        }


Found = tuple["_Pair", Metric, Difference, Strength]


def compare(a: Artifact | Path | str, b: Artifact | Path | str) -> Comparison:
    """Compare two finished evaluations, task by task and metric by metric.

    Args:
        a: An `evaluate` artifact or its folder.
        b: Another one.

    Returns:
        A row for every metric of every task that both have, in the order of the first.

    Raises:
        RecipeError: If one of them is no evaluation, or they have no task in common.
    """
    return compare_all([a, b])[0]


def compare_all(runs: Sequence[Artifact | Path | str]) -> list[Comparison]:
    """Compare the first of several finished evaluations with each of the others, p-values corrected over all.

    Raises:
        RecipeError: If there are fewer than two, or one has no task in common with the first.
    """
    if len(runs) < 2:
        raise RecipeError("a comparison needs two runs or more")
    first, *others = map(_Run, runs)
    found, left_out = zip(*(_shared(first, other) for other in others), strict=True)
    rows = iter(_rows([each for pair in found for each in pair]))
    return [
        Comparison(str(first.folder), str(other.folder), tuple(next(rows) for _ in pair), tuple(left))
        for other, pair, left in zip(others, found, left_out, strict=True)
    ]


def compare_models(run: Artifact | Path | str) -> tuple[Row, ...]:
    """Compare tasks of one evaluation that asked several models the same: a base and what became of it, for example.

    Where the second model was trained further than the first, a loss here is what it forgot.

    Returns:
        A row for every metric of every such pair; `task` is `first task -> second task`. None if there are no pairs.
    """
    evaluation = _Run(run)
    found: list[Found] = []
    for one, other in combinations(evaluation.tasks, 2):
        first, second = evaluation.tasks[one], evaluation.tasks[other]
        if _asked(first) == _asked(second) and first["inputs"]["model"] != second["inputs"]["model"]:
            pair = _pair(f"{one} -> {other}", evaluation.items(one), evaluation.items(other))
            if pair.matched:
                found += _differences(pair, first, second)[0]
    return _rows(found)


def _shared(first: _Run, second: _Run) -> tuple[list[Found], list[str]]:
    """The differences in what two runs have in common, and what was left out and why."""
    left_out: list[str] = []
    found: list[Found] = []
    for name in first.tasks:
        if name not in second.tasks:
            left_out.append(f"{name}: only in the first")
        elif _question(first.tasks[name]) != _question(second.tasks[name]):
            left_out.append(f"{name}: another kind or version of the task")
        else:
            pair = _pair(name, first.items(name), second.items(name))
            differences, left = _differences(pair, first.tasks[name], second.tasks[name])
            found += differences
            left_out += left
    left_out += [f"{name}: only in the second" for name in second.tasks if name not in first.tasks]
    if not found:
        raise RecipeError(f"{first.folder} and {second.folder} have no task in common: {'; '.join(left_out)}")
    return found, left_out


def _differences(pair: _Pair, first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    left_out: list[str] = []
    for metric in _metrics(first):
        if metric.name not in second["metrics"]:
            left_out.append(f"{pair.task}: {metric.name} only in the first")
        elif not _comparable(pair, metric):
            left_out.append(f"{pair.task}: {metric.name} is not comparable, {' and '.join(metric.depends_on)} differ")
        else:
            found.append((pair, metric, *_difference(pair, metric)))
    return found, left_out


def _rows(found: Sequence[Found]) -> tuple[Row, ...]:
    """Rows with p-values corrected for their number."""
    corrected = holm([difference.p_value for _, _, difference, _ in found]) if found else []
    return tuple(_row(*each, p_value) for each, p_value in zip(found, corrected, strict=True))


class _Run:
    """A finished evaluation on disk."""

    def __init__(self, place: Artifact | Path | str) -> None:
        self.folder = place.folder if isinstance(place, Artifact) else Path(place)
        if not (self.folder / "results.json").is_file():
            raise RecipeError(f"{self.folder} is no finished evaluation: it has no results.json")

    @cached_property
    def tasks(self) -> dict[str, Any]:
        """Records of the tasks by name, in the recipe's order."""
        names = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        return {
            name: json.loads((self.folder / "tasks" / f"{name}.json").read_text(encoding="utf-8")) for name in names
        }

    def items(self, name: str) -> Items:
        """The stored table of a task."""
        import pyarrow.parquet as pq

        columns: dict[str, list[Any]] = pq.read_table(self.folder / "items" / f"{name}.parquet").to_pydict()
        return columns


@dataclass(frozen=True)
class _Pair:
    """Items of both runs: the same ones in the same order where `matched`, else all of each."""

    task: str
    first: Items
    second: Items
    matched: bool


def _question(task: Mapping[str, Any]) -> tuple[Any, ...]:
    """What must be equal for scores to mean the same."""
    return task["task"]["kind"], task["task"]["version"]


def _asked(task: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a task was told but its name and its model."""
    return {key: value for key, value in task["task"].items() if key not in ("name", "model")}


def _metrics(task: Mapping[str, Any]) -> list[Metric]:
    """The metrics of a stored task, made again from their configurations."""
    found = []
    for entry in task["metrics"].values():
        fields = {key: value for key, value in entry["metric"].items() if key not in ("kind", "version")}
        found.append(build(find("metrics.metrics", entry["metric"]["kind"]), fields))
    return found


def _pair(task: str, first: Items, second: Items) -> _Pair:
    """Match items by id; those whose question or gold answer differs are not the same item."""
    places = {_key(second, row): row for row in range(len(second["id"]))}
    shared = [(row, places[_key(first, row)]) for row in range(len(first["id"])) if _key(first, row) in places]
    if len({first["group"][row] for row, _ in shared}) < 2:
        return _Pair(task, first, second, matched=False)
    rows, others = zip(*shared, strict=True)
    return _Pair(task, _select(first, rows), _select(second, others), matched=True)


def _comparable(pair: _Pair, metric: Metric) -> bool:
    return all(pair.matched and pair.first[column] == pair.second[column] for column in metric.depends_on)


def _key(items: Items, row: int) -> str:
    asked = [items[column][row] for column in ("id", "group", "gold", "bytes") if column in items]
    return json.dumps(asked, ensure_ascii=False)


def _select(items: Items, rows: Sequence[int]) -> Items:
    return {name: [column[row] for row in rows] for name, column in items.items()}


def _difference(pair: _Pair, metric: Metric) -> tuple[Difference, Strength]:
    """Second minus first, and what the comparison could show."""
    first, second = pair.first, pair.second
    # Both tables at once: a metric may choose its columns by what occurs (macro-F1 by the labels).
    together = metric.statistics({name: [*second[name], *first[name]] for name in second if name in first})
    of_second, of_first = together[: len(second["id"])], together[len(second["id"]) :]
    if not pair.matched:
        groups = (second["group"], first["group"])
        strength = unpaired_strength(of_second, of_first, metric.figure, groups)
        return unpaired_bootstrap(of_second, of_first, metric.figure, groups=groups), strength
    strength = paired_strength(of_second, of_first, metric.figure, second["group"])
    difference = paired_bootstrap(of_second, of_first, metric.figure, groups=second["group"])
    if metric.is_mean_of_yes_or_no and len(set(second["group"])) == len(second["group"]):
        p_value = mcnemar(of_second[:, 0], of_first[:, 0])
        return replace(difference, p_value=p_value, method="McNemar's test"), strength
    return difference, strength


def _row(pair: _Pair, metric: Metric, difference: Difference, strength: Strength, p_value: float) -> Row:
    better = "neither"
    if p_value < ALARM:
        better = "second" if (difference.value > 0) == metric.higher_is_better else "first"
    known = difference.num_units > 1
    return Row(
        task=pair.task,
        metric=metric.name,
        label=metric.shown_as.replace("{}", "").strip(),
        first=metric.value(pair.first),
        second=metric.value(pair.second),
        difference=difference.value,
        low=difference.low if known else None,
        high=difference.high if known else None,
        p_value=p_value,
        method=difference.method,
        items=min(len(pair.first["id"]), len(pair.second["id"])),
        units=difference.num_units,
        better=better,
        effect_size=_finite(strength.effect_size),
        smallest_difference=_finite(strength.smallest_difference),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
