"""The parts of a report about attacks: what was left of the scores, and attacked texts beside the original ones."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from firstwords.corpus.description import without_personal_data
from firstwords.corpus.run import Run, items_of, scored_tasks
from firstwords.web.html import Child, Element, foreign, tag

ROBUSTNESS = ("robustness", "attack")
"""Beginnings of the kinds of tasks that are shown here."""
NUM_SHOWN = 6
MOST_CHARACTERS = 20_000
WORDS_AROUND = 14
MOST_WORDS = 60
_NEEDED = {"original", "attacked", "gold", "clean", "predicted", "was_right", "is_right", "queries"}
_REDACTED = re.compile(r"<[A-Z_]+>")


class _Block(NamedTuple):
    """Words in a row that both texts have, or only one."""

    is_same: bool
    words: list[str]


def is_robustness(task: Mapping[str, Any]) -> bool:
    """Whether a task asks what changed or attacked texts do to a model."""
    return task["task"]["kind"].startswith(ROBUSTNESS)


def attacked(run: Run) -> Child:
    """For every such task some texts that the model got wrong because of the attack, the changed words marked."""
    parts: list[Child] = []
    for artifact in run.of("evaluate"):
        for task in filter(is_robustness, scored_tasks(artifact)):
            items = items_of(artifact, task["name"])
            if items.keys() >= _NEEDED:
                title = tag("h3", "Attacked: ", foreign(task["name"], 60))
                parts.append(tag("div", title, _lost(items), class_="task"))
    return parts or None


def _lost(items: Mapping[str, Sequence[Any]]) -> Child:
    number = len(items["original"])
    right = sum(items["was_right"])
    lost = [row for row in range(number) if items["was_right"][row] and not items["is_right"][row]]
    told = f"Of {number:,} items {right:,} were right; the attack turned {len(lost):,} of these."
    if not lost:
        return tag("p", told)
    # Short ones first: a change is seen in them at once.
    lost.sort(key=lambda row: (len(items["original"][row]), row))
    legend: Child = [" ", tag("span", "taken out", class_="span gold"), " ", tag("span", "put in", class_="span given")]
    return [tag("p", told, legend), [_beside(items, row) for row in lost[:NUM_SHOWN]]]


def _beside(items: Mapping[str, Sequence[Any]], row: int) -> Element:
    queries = items["queries"][row]
    told: list[Child] = [f"after {queries:,} quer{'y' if queries == 1 else 'ies'} "]
    if isinstance(items["gold"][row], str):
        before, after = (tag("b", foreign(items[name][row], 60)) for name in ("clean", "predicted"))
        told += [before, " became ", after]
    else:
        told.append("an entity was lost")
    texts = [without_personal_data(items[name][row], MOST_CHARACTERS).split() for name in ("original", "attacked")]
    shown = [tag("p", line, dir="auto") for line in _marked(*texts)]
    return tag("div", tag("div", told, class_="where"), shown, class_="example")


def _marked(before: Sequence[str], after: Sequence[str]) -> list[list[Child]]:
    """Both texts around their differences, these marked."""
    first: list[_Block] = []
    second: list[_Block] = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        first.append(_Block(kind == "equal", list(before[i:j])))
        # A slip in an address hides it from those who look for one: what stands in its place is not shown.
        hidden = kind != "equal" and any(_REDACTED.search(word) for word in before[i:j])
        second.append(_Block(kind == "equal", ["…"] if hidden else list(after[k:m])))
    return [_line(first, "gold"), _line(second, "given")]


def _line(blocks: Sequence[_Block], kind: str) -> list[Child]:
    """The words from a little before the first difference to a little behind the last one, as far as they are few."""
    line: list[Child] = []
    changes = [number for number, block in enumerate(blocks) if not block.is_same]
    left = MOST_WORDS
    for number, (is_same, words) in enumerate(blocks):
        shown = words
        if is_same and changes and number < changes[0]:
            shown = words[-WORDS_AROUND:]
        elif is_same and changes and number > changes[-1]:
            shown = words[:WORDS_AROUND]
        shown = shown[:left]
        left -= len(shown)
        if shown:
            before = "… " if is_same and shown[0] is not words[0] and changes and number < changes[0] else ""
            text = foreign(" ".join(shown))
            line += [before, text if is_same else tag("span", text, class_=f"span {kind}"), " "]
        if not left:
            break
    if sum(len(block.words) for block in blocks[changes[-1] + 1 if changes else 0 :]) > WORDS_AROUND or not left:
        line.append("…")
    return line
