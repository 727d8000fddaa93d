"""The parts of a report about scores: intervals beside baselines, confusions, several models on the same items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firstwords.artifact import Artifact
from firstwords.corpus.run import Run, scored_tasks
from firstwords.errors import RecipeError
from firstwords.evaluation.compare import Row, compare_all, compare_models
from firstwords.evaluation.compared_table import signed
from firstwords.evaluation.table import figure_text, score_text
from firstwords.web import plots
from firstwords.web.attack_sections import attacked, is_robustness
from firstwords.web.html import Child, Element, foreign, tag
from firstwords.web.tables import cell, folded, head_cell, table

KNOWN_DETAILS = frozenset({"confusion", "draws"})
"""Shown in parts of their own."""
MOST_CLASSES = 40


def scores(run: Run) -> Child:
    """Every score of every task, with its interval and what stands beside it."""
    return _score_parts(run, robust=False)


def robustness(run: Run) -> Child:
    """The same for tasks on changed or attacked texts, and some of these texts."""
    found = _score_parts(run, robust=True)
    return None if found is None else [found, attacked(run)]


def _score_parts(run: Run, robust: bool) -> Child:
    parts = [
        _task(task)
        for artifact in run.of("evaluate")
        for task in scored_tasks(artifact)
        if is_robustness(task) == robust
    ]
    if not parts:
        return None
    legend = tag(
        "p",
        tag("span", class_="key dot"),
        "the score, ",
        tag("span", class_="key range"),
        "its 95% interval, ",
        tag("span", class_="key other"),
        "what stands beside it. Intervals resample whole units: items that hang together are drawn together.",
    )
    return [legend, parts]


def _task(task: Mapping[str, Any]) -> Element:
    about = f"{task['items']:,} items in {task['units']:,} units"
    asked = task["inputs"].get("model", {}).get("name", "")
    main: list[Element] = []
    more: list[Element] = []
    for name, entry in task["results"].items():
        (more if task["metrics"][name]["is_detail"] else main).append(_score(name, task, entry))
    known = {key: value for key, value in task.get("details", {}).items() if key not in KNOWN_DETAILS and value}
    return tag(
        "div",
        tag("h3", foreign(task["name"], 60), tag("small", "  ", foreign(asked), "  ", about)),
        tag("p", "unit: ", foreign(task["unit"]), class_="meaning"),
        tag("ul", main, class_="scores"),
        folded(f"{len(more)} more scores", tag("ul", more, class_="scores")) if more else None,
        [folded(key.replace("_", " "), _detail(value)) for key, value in known.items()],
        class_="task",
    )


def _score(name: str, task: Mapping[str, Any], entry: Mapping[str, Any]) -> Element:
    label = task["metrics"][name]["label"]
    baselines = entry["baseline"]
    told = score_text(label, entry)
    others = ", ".join(f"{other} {figure_text(value)}" for other, value in baselines.items())
    better = "" if task["metrics"][name]["higher_is_better"] else "less is better"
    span = _span(entry)
    picture = plots.whisker(
        entry["value"], entry["low"], entry["high"], list(baselines.values()), span, f"{told}. {others}"
    )
    scale = f"{figure_text(span[0])} to {figure_text(span[1])}"
    return tag(
        "li",
        tag("div", foreign(told), tag("small", " ", better) if better else None, class_="told"),
        tag("div", picture, tag("small", scale, class_="ends"), class_="drawn"),
        tag("div", foreign(others) if others else tag("span", "nothing beside it", class_="faint"), class_="beside"),
    )


def _span(entry: Mapping[str, Any]) -> tuple[float, float]:
    """0 to 1 for shares, else from 0 to a little beyond the largest figure."""
    figures = [entry["value"], *entry["baseline"].values()]
    figures += [bound for bound in (entry["low"], entry["high"]) if bound is not None]
    low, high = min(0.0, *figures), max(figures)
    return (low, 1.0) if low >= 0 and high <= 1 else (low, 1.08 * high if high > 0 else 0.0)


def _detail(value: Any, depth: int = 0) -> Child:
    """Further facts of a task, whatever they are: tables of rows, names with values, lists."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value) and not depth:
        heads = list(value[0])
        rows = [[cell(foreign(_plain(row.get(name)), 120)) for name in heads] for row in value[:200]]
        return table(None, [name.replace("_", " ") for name in heads], rows)
    if isinstance(value, dict):
        rows = [[head_cell(foreign(str(key), 80)), cell(_detail(each, depth + 1))] for key, each in value.items()]
        return table(None, ["", ""], rows)
    return foreign(_plain(value), 400)


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def confusions(run: Run) -> Child:
    """Which label was taken for which."""
    parts = []
    for artifact in run.of("evaluate"):
        for task in scored_tasks(artifact):
            found = task.get("details", {}).get("confusion")
            if found and len(found["labels"]) <= MOST_CLASSES:
                parts.append(_confusion(task["name"], found["labels"], found["matrix"]))
    if not parts:
        return None
    return [
        tag("p", "A row for each true label, a column for each given one; right answers stand on the diagonal."),
        parts,
    ]


def _confusion(name: str, labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> Element:
    head = [tag("th", "", scope="col"), *(tag("th", foreign(label, 24), scope="col") for label in labels)]
    rows = []
    for place, (label, numbers) in enumerate(zip(labels, matrix, strict=True)):
        whole = max(1, sum(numbers))
        cells = [
            tag(
                "td",
                number or "",
                class_=f"{'right' if place == other else 'wrong'}-{_shade(number / whole)}" if number else None,
            )
            for other, number in enumerate(numbers)
        ]
        rows.append(tag("tr", head_cell(foreign(label, 24)), cells))
    made = tag("table", tag("caption", foreign(name, 60)), tag("thead", tag("tr", head)), tag("tbody", rows))
    return tag("div", made, class_="scroll confusion", role="region", tabindex=0, aria_label="Confusion matrix")


def _shade(share: float) -> int:
    return min(4, 1 + int(4 * share))


def same_items(run: Run, others: Sequence[Run]) -> Child:
    """Differences between models on the same items: within this run (what was forgotten), and beside other runs."""
    parts: list[Child] = []
    for artifact in filter(is_whole, run.of("evaluate")):
        if rows := compare_models(artifact):
            text = (
                "Tasks that asked two models the same. Where the second was trained further, a loss is what it forgot."
            )
            parts += [tag("h3", "Within this run"), tag("p", text), _compared(rows, "first", "second")]
        for name, folder in _evaluations(others):
            try:
                found = compare_all([artifact, folder])[0]
            except RecipeError as error:
                parts.append(tag("p", foreign(name, 60), ": ", foreign(str(error), 300)))
                continue
            parts += [tag("h3", "Beside ", foreign(name, 60)), _compared(found.rows, run.name, name)]
            parts += [tag("p", foreign(reason), class_="faint") for reason in found.left_out]
    return parts or None


def _evaluations(others: Sequence[Run]) -> Iterator[tuple[str, Artifact]]:
    for other in others:
        for artifact in filter(is_whole, other.of("evaluate")):
            yield other.name, artifact


def is_whole(evaluation: Artifact) -> bool:
    """Whether all records and items of an evaluation are still there; without them nothing can be compared."""
    place = evaluation.path("results.json")
    names = json.loads(place.read_text("utf-8")) if place.is_file() else {}
    files = [evaluation.path("tasks", f"{name}.json") for name in names]
    files += [evaluation.path("items", f"{name}.parquet") for name in names]
    return bool(files) and all(file.is_file() for file in files)


def _compared(rows: Sequence[Row], first: str, second: str) -> Element:
    words = {"second": "second is better", "first": "first is better", "neither": "may be chance"}
    cells = []
    for row in rows:
        bounds = "" if row.low is None or row.high is None else f" [{signed(row.low)}, {signed(row.high)}]"
        effect = "" if row.effect_size is None else f"{row.effect_size:+.2f}"
        least = "" if row.smallest_difference is None else figure_text(row.smallest_difference)
        cells.append(
            [
                head_cell([foreign(row.task, 80), " ", foreign(row.label)]),
                cell(figure_text(row.first), True),
                cell(figure_text(row.second), True),
                cell(signed(row.difference) + bounds),
                cell("<0.001" if row.p_value < 0.001 else f"{row.p_value:.3f}", True),
                cell(words[row.better]),
                cell(effect, True),
                cell(least, True),
            ]
        )
    heads = ["task", first[:24], second[:24], "second - first", "p (Holm)", "verdict", "effect (d)", "could show"]
    return table(None, heads, cells)
