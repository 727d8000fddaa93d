"""The parts of a report about what one score hides: other seeds, other examples in the prompt, parts of the items."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from firstwords.corpus.run import Run, scored_tasks
from firstwords.evaluation.table import figure_text, score_text
from firstwords.web.html import Child, Element, foreign, tag
from firstwords.web.tables import cell, folded, head_cell, table

WAYS = {
    "overlap": "Items that stand in the corpus, and others",
    "length": "By length",
    "label": "By label",
    "source": "By source",
}
"""Ways to slice, as `evaluation.slices` names them; clean and overlapping items first, the others are folded."""


def chance(run: Run) -> Child:
    """Mean, spread and worst over the seeds of a fine-tuning, and over draws of few-shot examples."""
    parts: list[Child] = []
    if rows := [row for task in _tasks(run) for row in _seeds(task)]:
        text = (
            "Models that differ in their seed alone, on the same items. The interval is of the mean, over seeds and "
            "items together; the spread is the standard deviation between seeds."
        )
        parts += [tag("h3", "Other seeds"), tag("p", text), table(None, _HEADS, rows)]
    if rows := [row for task in _tasks(run) if (row := _draws(task))]:
        text = "The same model and texts with other examples in the prompt: which ones were drawn is chance too."
        parts += [tag("h3", "Other examples"), tag("p", text), table(None, _HEADS, rows)]
    return parts or None


_HEADS = ["task", "runs", "mean", "spread", "worst", "each"]


def _tasks(run: Run) -> Iterator[Mapping[str, Any]]:
    for artifact in run.of("evaluate"):
        yield from scored_tasks(artifact)


def _seeds(task: Mapping[str, Any]) -> Iterator[list[Element]]:
    for name, result in task["results"].items():
        if "seeds" in result and not task["metrics"][name]["is_detail"]:
            entry = result["seeds"]
            label = task["metrics"][name]["label"].replace("{}", "").strip()
            mean = score_text("{}", {**entry, "value": entry["mean"]})
            each = ", ".join(f"{seed}: {figure_text(value)}" for seed, value in entry["values"].items())
            yield _row(task["name"], label, len(entry["values"]), mean, entry["spread"], entry["worst"], each)


def _draws(task: Mapping[str, Any]) -> list[Element] | None:
    draws = task.get("details", {}).get("draws")
    if not isinstance(draws, list) or len(draws) < 2:
        return None
    each = ", ".join(map(figure_text, draws))
    spread = statistics.stdev(draws)
    return _row(task["name"], "accuracy", len(draws), figure_text(statistics.mean(draws)), spread, min(draws), each)


def _row(task: str, label: str, number: int, mean: str, spread: float, worst: float, each: str) -> list[Element]:
    return [
        head_cell([foreign(task, 60), " ", foreign(label, 40)]),
        cell(number, True),
        cell(mean, True),
        cell(figure_text(spread), True),
        cell(figure_text(worst), True),
        cell(foreign(each, 300)),
    ]


def slices(run: Run) -> Child:
    """The scores of parts of the items: clean and overlapping ones, short and long ones, labels, sources."""
    parts: list[Child] = []
    for task in _tasks(run):
        found = task.get("slices") or {}
        tables = [_slices(task, way, found[way]) for way in WAYS if way in found]
        if tables:
            parts.append(tag("div", tag("h3", foreign(task["name"], 60)), tables, class_="task"))
    if not parts:
        return None
    text = (
        "For orientation: many parts are looked at, so some lie apart by chance. Parts of fewer than ten items have no "
        "score."
    )
    return [tag("p", text, class_="meaning"), parts]


def _slices(task: Mapping[str, Any], way: str, entries: Mapping[str, Any]) -> Element:
    names = [name for name, metric in task["metrics"].items() if not metric["is_detail"]]
    shown = [name for name in names if any(name in entry["results"] for entry in entries.values())]
    labels = [task["metrics"][name]["label"].replace("{}", "").strip() for name in shown]
    rows = []
    for name, entry in entries.items():
        figures = [cell(_told(entry["results"].get(metric)), True) for metric in shown]
        rows.append([head_cell(foreign(name, 60)), cell(f"{entry['items']:,}", True), *figures])
    made = table(None, [way, "items", *labels], rows)
    title = WAYS[way]
    return tag("div", tag("p", title, class_="meaning"), made) if way == "overlap" else folded(title, made)


def _told(result: Mapping[str, Any] | None) -> str:
    return "" if result is None or result["value"] is None else score_text("{}", result)
