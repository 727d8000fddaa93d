"""Two runs of `evaluate` side by side: which differences are more than chance?

Where both runs scored the same items, the items are compared pairwise (what is hard for both then cancels), else the
runs are resampled each on its own. All p-values of one comparison are corrected together (Holm).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from firstwords.artifact import Artifact
from firstwords.errors import RecipeError
from firstwords.evaluation.table import GAP, figure_text
from firstwords.find import find
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.statistics import Difference, holm, mcnemar, paired_bootstrap, unpaired_bootstrap
from firstwords.recipe import build

ALARM = 0.05


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

    def lines(self) -> list[str]:
        """An aligned table with a verdict on each line."""
        table = [("task", "metric", "first", "second", "second - first", "p", "better")]
        for row in self.rows:
            bounds = "" if row.low is None or row.high is None else f" [{_signed(row.low)}, {_signed(row.high)}]"
            p_value = "<0.001" if row.p_value < 0.001 else f"{row.p_value:.3f}"
            difference = _signed(row.difference) + bounds
            figures = (figure_text(row.first), figure_text(row.second))
            table.append((row.task, row.label, *figures, difference, p_value, row.better))
        widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
        lines = [f"first   {self.first}", f"second  {self.second}"]
        lines += [
            GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
        ]
        notes = [f"{row.task}: {row.items:,} items in {row.units:,} units, {row.method}" for row in self.rows]
        return [*lines, *dict.fromkeys(notes), *self.left_out]


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
    first, second = _Run(a), _Run(b)
    left_out: list[str] = []
    found: list[tuple[_Pair, Metric, Difference]] = []
    for name in first.tasks:
        if name not in second.tasks:
            left_out.append(f"{name}: only in the first")
            continue
        if _question(first.tasks[name]) != _question(second.tasks[name]):
            left_out.append(f"{name}: another kind or version of the task")
            continue
        pair = _pair(name, first.items(name), second.items(name))
        for metric in _metrics(first.tasks[name]):
            if metric.name not in second.tasks[name]["metrics"]:
                left_out.append(f"{name}: {metric.name} only in the first")
            elif not _comparable(pair, metric):
                left_out.append(f"{name}: {metric.name} is not comparable, {' and '.join(metric.depends_on)} differ")
            else:
                found.append((pair, metric, _difference(pair, metric)))
    left_out += [f"{name}: only in the second" for name in second.tasks if name not in first.tasks]
    if not found:
        raise RecipeError(f"{first.folder} and {second.folder} have no task in common: {'; '.join(left_out)}")
    corrected = holm([difference.p_value for _, _, difference in found])
    rows = tuple(_row(*each, p_value) for each, p_value in zip(found, corrected, strict=True))
    return Comparison(str(first.folder), str(second.folder), rows, tuple(left_out))


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


def _difference(pair: _Pair, metric: Metric) -> Difference:
    """Second minus first."""
    first, second = pair.first, pair.second
    # Both tables at once: a metric may choose its columns by what occurs (macro-F1 by the labels).
    together = metric.statistics({name: [*second[name], *first[name]] for name in second if name in first})
    of_second, of_first = together[: len(second["id"])], together[len(second["id"]) :]
    if not pair.matched:
        groups = (second["group"], first["group"])
        return unpaired_bootstrap(of_second, of_first, metric.figure, groups=groups)
    difference = paired_bootstrap(of_second, of_first, metric.figure, groups=second["group"])
    if metric.is_mean_of_yes_or_no and len(set(second["group"])) == len(second["group"]):
        p_value = mcnemar(of_second[:, 0], of_first[:, 0])
        return replace(difference, p_value=p_value, method="McNemar's test")
    return difference


def _row(pair: _Pair, metric: Metric, difference: Difference, p_value: float) -> Row:
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
    )


def _signed(value: float) -> str:
    return ("-" if value < 0 else "+") + figure_text(abs(value))
