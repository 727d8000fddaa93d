"""Errors worth reading: the surest wrong answers, entities missed and invented, the hardest documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firstwords.artifact import Artifact
from firstwords.corpus.description import without_personal_data
from firstwords.corpus.lineage import beside
from firstwords.corpus.run import Run, example_texts, items_of, scored_tasks
from firstwords.metrics.entities import find_entities
from firstwords.web.attack_sections import is_robustness
from firstwords.web.html import Child, Element, foreign, tag
from firstwords.web.tables import cell, head_cell, table

NUM_ERRORS = 8
NUM_HARD = 8
TEXT_CHARACTERS = 360

Items = Mapping[str, Sequence[Any]]


def errors(run: Run) -> Child:
    """For every task what its items allow: wrong labels, wrong spans, or what was hardest to predict."""
    parts: list[Child] = []
    for artifact in run.of("evaluate"):
        for task in scored_tasks(artifact):
            if is_robustness(task):
                continue  # what it got wrong are attacked texts, which are shown as such
            items = items_of(artifact, task["name"])
            show = _kind_of(items)
            content = show(items, task, artifact, run) if show else None
            if content is not None:
                parts.append(tag("div", tag("h3", foreign(task["name"], 60)), content, class_="task"))
    return parts or None


def _kind_of(items: Items) -> Callable[[Items, Mapping[str, Any], Artifact, Run], Child] | None:
    if {"words", "gold", "predicted"} <= items.keys():
        return _entity_errors
    if {"gold", "predicted"} <= items.keys() and all(isinstance(gold, str) for gold in items["gold"]):
        return _label_errors
    return _hard_documents if {"nats", "bytes"} <= items.keys() else None


def _label_errors(items: Items, task: Mapping[str, Any], artifact: Artifact, run: Run) -> Child:
    wrong = [row for row, gold in enumerate(items["gold"]) if gold != items["predicted"][row]]
    if not wrong:
        return tag("p", "Every answer was right.")
    sure = items.get("confidence")
    others = [name for name in items if name.startswith("predicted (")]
    if sure is not None:
        wrong.sort(key=lambda row: -sure[row])
        order = "The surest wrong answers first."
    else:
        wrong.sort(key=lambda row: -sum(items[name][row] == items["gold"][row] for name in others))
        order = "First those that simpler methods got right."
    chosen = wrong[:NUM_ERRORS]
    texts = _texts(task, artifact, run, {items["id"][row] for row in chosen})
    shown = []
    for row in chosen:
        told: list[Child] = [
            tag("b", foreign(items["gold"][row], 60)),
            " taken for ",
            tag("b", foreign(items["predicted"][row], 60)),
        ]
        told.append(f" ({sure[row]:.0%} sure)" if sure is not None else "")
        right = [
            name.removeprefix("predicted (").removesuffix(")")
            for name in others
            if items[name][row] == items["gold"][row]
        ]
        told.append(f"; right: {', '.join(right)}" if right else "")
        shown.append(
            _example(
                told, items["id"][row], texts.get(items["id"][row]) or (items["text"][row] if "text" in items else None)
            )
        )
    return [tag("p", f"{len(wrong):,} of {len(items['gold']):,} are wrong. {order}"), shown]


def _texts(task: Mapping[str, Any], artifact: Artifact, run: Run, ids: set[str]) -> dict[str, str]:
    entry = task["inputs"].get("model")
    if entry is None:
        return {}
    model = next((a for a in run.artifacts if a.identity == entry["identity"]), None) or beside(artifact, entry)
    return example_texts(model, ids) if model is not None else {}


def _example(told: Child, name: str, text: str | None) -> Element:
    shown = tag("p", foreign(without_personal_data(text, TEXT_CHARACTERS)), dir="auto") if text else None
    where = tag("div", told, " · ", foreign(without_personal_data(name, 80)), class_="where")
    return tag("div", where, shown, class_="example")


def _entity_errors(items: Items, task: Mapping[str, Any], artifact: Artifact, run: Run) -> Child:
    mode = task["task"].get("mode", "default")
    found, counts = [], {"missed": 0, "invented": 0, "other type": 0, "other bounds": 0}
    for row, words in enumerate(items["words"]):
        gold, given = (set(find_entities(items[name][row], mode)) for name in ("gold", "predicted"))
        kinds = _entity_kinds(gold, given)
        for kind in kinds:
            counts[kind] += 1
        if kinds:
            found.append((len(kinds), row, words, gold, given))
    if not found:
        return tag("p", "Every entity was right.")
    # Many errors in few words first: short enough to be read, wrong enough to teach.
    found.sort(key=lambda each: (-each[0] / (8 + len(each[2])), each[1]))
    told = ", ".join(f"{number:,} {kind}" for kind, number in counts.items() if number)
    legend = tag(
        "p",
        f"{len(found):,} of {len(items['words']):,} sentences hold an error: {told}. ",
        tag("span", "right", class_="span both"),
        " ",
        tag("span", "missed", class_="span gold"),
        " ",
        tag("span", "invented", class_="span given"),
    )
    shown = [
        tag("div", tag("p", _marked(words, gold, given), dir="auto"), class_="example")
        for _, _, words, gold, given in found[:NUM_ERRORS]
    ]
    return [legend, shown]


def _entity_kinds(gold: set[Any], given: set[Any]) -> list[str]:
    kinds = []
    for entity in gold - given:
        overlapping = [e for e in given if e.start < entity.end and entity.start < e.end]
        same = any((e.start, e.end) == (entity.start, entity.end) for e in overlapping)
        kinds.append("other type" if same else "other bounds" if overlapping else "missed")
    for entity in given - gold:
        if not any(e.start < entity.end and entity.start < e.end for e in gold):
            kinds.append("invented")
    return kinds


def _marked(words: Sequence[str], gold: set[Any], given: set[Any]) -> list[Child]:
    """The sentence with its spans; true and given ones that overlap make one, which tells both."""
    # What looks like personal data is masked here as elsewhere.
    shown = [without_personal_data(word, 60) for word in words]
    every = sorted(gold | given, key=lambda entity: (entity.start, entity.end))
    parts: list[Child] = []
    place = 0
    while every:
        first = every.pop(0)
        together, end = [first], first.end
        while every and every[0].start < end:
            together.append(every.pop(0))
            end = max(end, together[-1].end)
        parts += [foreign(" ".join(shown[place : first.start])), " "]
        true, made = ([entity for entity in together if entity in side] for side in (gold, given))
        kind = "gold" if not made else "given" if not true else "both" if true == made else "differs"
        told = tag("small", foreign(_types(kind, true, made, shown)))
        parts += [tag("span", foreign(" ".join(shown[first.start : end])), told, class_=f"span {kind}"), " "]
        place = end
    return [*parts, foreign(" ".join(shown[place:]))]


def _types(kind: str, true: Sequence[Any], made: Sequence[Any], words: Sequence[str]) -> str:
    def named(entities: Sequence[Any]) -> str:
        return ", ".join(f"{e.type}: {' '.join(words[e.start : e.end])}" for e in entities)

    if kind == "both":
        return f" {true[0].type}"
    if kind == "gold":
        return f" {true[0].type}, missed"
    if kind == "given":
        return f" {made[0].type}, invented"
    return f" true {named(true)}; given {named(made)}"


def _hard_documents(items: Items, task: Mapping[str, Any], artifact: Artifact, run: Run) -> Child:
    """Documents that took the most bits per byte, beside the baselines on them."""
    number = 0.6931471805599453
    others = [name for name in items if name.startswith("nats (")]
    order = sorted(range(len(items["id"])), key=lambda row: -items["nats"][row] / max(1, items["bytes"][row]))
    rows = [
        [
            head_cell(
                [
                    foreign(without_personal_data(str(items["id"][row]), 60)),
                    " ",
                    foreign(without_personal_data(str(items["group"][row]), 60)),
                ]
            ),
            cell(f"{items['bytes'][row]:,}", True),
            *(
                cell(f"{items[name][row] / number / max(1, items['bytes'][row]):.3f}", True)
                for name in ("nats", *others)
            ),
        ]
        for row in order[:NUM_HARD]
    ]
    heads = [
        "document, group",
        "bytes",
        "bits/byte",
        *(name.removeprefix("nats (").removesuffix(")") for name in others),
    ]
    return [tag("p", "The hardest to predict, of all that were asked:"), table(None, heads, rows)]
