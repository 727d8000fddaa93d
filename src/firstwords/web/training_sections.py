"""The parts of a report about training: configuration with its reasons, learning curves, samples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from firstwords.artifact import Artifact
from firstwords.corpus.run import Curve, Run, curve, samples
from firstwords.corpus.score_table import figure
from firstwords.web import plots
from firstwords.web.html import Child, Element, foreign, tag
from firstwords.web.tables import cell, folded, head_cell, table

NUM_TIMES = 6


def configuration(run: Run) -> Child:
    """Every derived number with where it comes from, stage by stage."""
    shown = [artifact for artifact in run.artifacts if artifact.manifest.get("reasons")]
    if not shown:
        return None
    parts: list[Child] = [
        tag("p", "What the recipe left open was derived. Open a stage to see each number and its source.")
    ]
    for artifact in shown:
        rows = [
            [head_cell(tag("span", foreign(name), class_="code")), cell(foreign(value), True), cell(foreign(reason))]
            for name, value, reason in artifact.manifest["reasons"]
        ]
        summary = foreign(artifact.manifest["summary"])
        title: list[Child] = [tag("span", foreign(artifact.name), class_="code"), " ", summary]
        parts.append(folded(title, table(None, ["setting", "value", "because"], rows)))
    return parts


def curves(run: Run, others: Sequence[Run]) -> Child:
    """A card for each training, those of the same name in other runs beside it."""
    found = [(artifact, made) for artifact in run.artifacts if (made := curve(artifact)) is not None]
    if not found:
        return None
    cards = []
    for artifact, made in found:
        beside = {
            other.name: again
            for other in others
            for each in other.artifacts
            if each.name == artifact.name and (again := curve(each)) is not None and again.unit == made.unit
        }
        cards.append(_curve_card(made, {run.name: made} | beside))
    text = "Lines are the training loss, smoothed; dots what was measured on held-out examples. Lower is better."
    return [tag("p", text), tag("div", cards, class_="cards wide")]


def _curve_card(made: Curve, shown: dict[str, Curve]) -> Element:
    lines = {name: each.training for name, each in shown.items()}
    marks = {name: each.held_out for name, each in shown.items()}
    words = f"{made.name}, {made.unit}: " + "; ".join(f"{name} {_course(each)}" for name, each in shown.items())
    legend = [
        tag("li", tag("span", class_=f"key series-{number % plots.NUM_COLOURS}"), foreign(name, 60), " ", _course(each))
        for number, (name, each) in enumerate(shown.items())
    ]
    scores = [
        tag(
            "p",
            f"{name.replace('_', ' ')} on validation: {points[-1][1]:.3f} at the end, best "
            f"{max(value for _, value in points):.3f}",
            class_="faint",
        )
        for name, points in made.scores.items()
        if points
    ]
    rows = [
        [head_cell(f"{tokens:,.0f}"), *(cell(f"{value:.4f}", True) for value in values)]
        for tokens, *values in _measured(made)
    ]
    heads = ["tokens", made.unit, *(name.replace("_", " ") for name in made.scores)][: len(rows[0]) if rows else 0]
    return tag(
        "figure",
        tag("h3", tag("span", foreign(made.name), class_="code")),
        tag("p", made.unit, class_="meaning"),
        plots.curves(lines, marks, words),
        tag("figcaption", tag("ul", legend, class_="legend")),
        scores,
        folded("As a table", table(None, heads, rows)) if rows else None,
        class_="card",
    )


def _measured(made: Curve) -> list[tuple[float, ...]]:
    """Tokens, the held-out figure and the other scores of every measurement that has all of them."""
    columns = [dict(made.held_out), *(dict(points) for points in made.scores.values())]
    return [(tokens, *(c[tokens] for c in columns)) for tokens, _ in made.held_out if all(tokens in c for c in columns)]


def _course(made: Curve) -> str:
    points = made.held_out or made.training
    if not points:
        return "nothing measured"
    where = "held out" if made.held_out else "training"
    return f"{where} {points[0][1]:.3f} to {points[-1][1]:.3f}, lowest {min(value for _, value in points):.3f}"


def written(run: Run) -> Child:
    """What models wrote while they learnt, from the same beginnings each time."""
    parts: list[Child] = [_samples(artifact) for artifact in run.of("pretrain", "finetune") if samples(artifact)]
    if not parts:
        return None
    text = "The same beginnings each time: in italics what was given, then what the model made of it. "
    return [tag("p", text, "Shown without personal data."), parts]


def _samples(artifact: Artifact) -> Element:
    rows = samples(artifact)
    times = [(step, list(group)) for step, group in groupby(rows, key=lambda row: row["step"])]
    chosen = sorted({round(n * (len(times) - 1) / max(1, NUM_TIMES - 1)) for n in range(NUM_TIMES)})
    return tag(
        "div",
        tag("h3", tag("span", foreign(artifact.name), class_="code")),
        tag("ol", [_moment(times[n][1], n == len(times) - 1) for n in chosen], class_="samples"),
    )


def _moment(rows: Sequence[dict[str, Any]], is_last: bool) -> Element:
    when = f"after {figure(rows[0]['tokens'])} tokens" + (", the end" if is_last else "")
    texts = [
        tag(
            "p",
            tag("span", foreign(row["prompt"]), class_="prompt"),
            " " if row["prompt"] else None,
            foreign(row["text"]),
            dir="auto",
        )
        for row in rows
    ]
    return tag("li", tag("div", when, class_="where"), texts, class_="example")
