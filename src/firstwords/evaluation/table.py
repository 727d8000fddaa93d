"""Results as text: one aligned line per metric, at most 80 columns wide unless a name is very long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 80
HEAD = "evaluate"
GAP = "  "


def figure_text(value: float) -> str:
    """A figure with at least three digits: `0.712`, `1.620`, `19.3`, `143`, `15,210`."""
    size = abs(value)
    return f"{value:,.{3 if size < 10 else 1 if size < 100 else 0}f}"


def score_text(label: str, entry: Mapping[str, Any]) -> str:
    """A metric with its interval: `accuracy 0.781 [0.742, 0.820]`; without one where it is unknown.

    Args:
        label: As `Metric.label`.
        entry: `value`, `low` and `high`.
    """
    # A label holds names of others (a type of entity), which may have braces: `format` would trip over them.
    text = label.replace("{}", figure_text(entry["value"]))
    if entry["low"] is None or entry["high"] is None:
        return text
    return f"{text} [{figure_text(entry['low'])}, {figure_text(entry['high'])}]"


def seeds_text(entry: Mapping[str, Any]) -> str:
    """One line about the seeds of a result: `3 seeds: mean 0.781 [0.741, 0.821] spread 0.012 worst 0.766`.

    Args:
        entry: As `over_seeds.seeds_entry` gives it.
    """
    mean = score_text("mean {}", {**entry, "value": entry["mean"]})
    spread, worst = (figure_text(entry[name]) for name in ("spread", "worst"))
    return f"{len(entry['values'])} seeds: {mean} spread {spread} worst {worst}"


def result_lines(tasks: Sequence[Mapping[str, Any]], width: int = WIDTH) -> list[str]:
    """The final table: task, metric with interval, baselines.

    Args:
        tasks: One for each task: `name`, `results` (metric to entry) and `metrics` (metric to its `label` and
            whether it `is_detail`).
        width: Columns; baselines that do not fit go on a line of their own.
    """
    rows = []
    for task in tasks:
        shown = [name for name in task["results"] if not task["metrics"][name]["is_detail"]]
        for position, name in enumerate(shown):
            entry = task["results"][name]
            baselines = [f"{other} {figure_text(value)}" for other, value in entry["baseline"].items()]
            score = score_text(task["metrics"][name]["label"], entry)
            seeds = seeds_text(entry["seeds"]) if "seeds" in entry else ""
            rows.append((task["name"] if position == 0 else "", score, baselines, seeds))
    name_width = max((len(name) for name, *_ in rows), default=0)
    score_width = max((len(score) for _, score, *_ in rows), default=0)
    lines: list[str] = []
    for name, score, baselines, seeds in rows:
        head = HEAD if not lines else ""
        line = f"{head:<{len(HEAD)}}{GAP}{name:<{name_width}}{GAP}{score:<{score_width}}"
        indent = len(line)
        for baseline in baselines:
            if len(line) + len(GAP) + len(baseline) > width and len(line) > indent:
                lines.append(line.rstrip())
                line = " " * indent
            line += GAP + baseline
        lines.append(line.rstrip())
        if seeds:
            lines.append(" " * (len(HEAD) + len(GAP) + name_width + len(GAP)) + seeds)
    return lines
