"""Scores of parts of the items: short and long ones, each label, each source, clean and overlapping ones.

A slice's figures are the same functions of the items, so nothing is asked of a model again. They are for orientation:
many of them are looked at, so some lie apart by chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from firstwords.metrics.metric import Items, Metric

FEWEST_ITEMS = 10
MOST_VALUES = 20
NUM_RESAMPLES = 1000


def item_texts(examples: Sequence[Any], items: Items) -> list[str] | None:
    """The text of every item: of a column `text` or `words`, else of the examples; None where they have none."""
    if "text" in items:
        return list(items["text"])
    if "words" in items and items["words"] and not isinstance(items["words"][0], int):
        return [" ".join(words) for words in items["words"]]
    if len(examples) == len(items["id"]) and all(isinstance(getattr(e, "text", None), str) for e in examples):
        return [example.text for example in examples]
    return None


def slice_keys(items: Items, texts: Sequence[str] | None) -> dict[str, list[str | None]]:
    """For each way to slice, the slice of every item: `overlap`, `length`, `label`, `source`, as far as they are known.

    None belongs to no slice. Of more than 20 sources the smaller ones are `others`; a task of as many labels is not
    sliced by them.
    """
    found: dict[str, list[str | None]] = {}
    if "overlap" in items:
        found["overlap"] = list(items["overlap"])
    if texts is not None:
        found["length"] = _lengths([len(text.split()) for text in texts])
    gold = items.get("gold", [])
    if gold and all(isinstance(each, str) for each in gold) and 2 <= len(set(gold)) <= MOST_VALUES:
        found["label"] = list(gold)
    if any(items.get("source", [])):
        counts = Counter(items["source"])
        named = {name for name, _ in counts.most_common(MOST_VALUES)} - {""}
        found["source"] = [each if each in named else "others" if each else None for each in items["source"]]
    return found


def sliced_scores(
    metrics: Sequence[Metric], items: Items, keys: dict[str, list[str | None]], seed: int
) -> dict[str, Any]:
    """Way to slice, slice, `items` and `results` (metric to `value`, `low`, `high`).

    Slices of fewer than ten items have no results, nor have metrics that are details; what is undefined is None.
    """
    found: dict[str, Any] = {}
    shown = [metric for metric in metrics if not metric.is_detail]
    for way, slices in keys.items():
        entries: dict[str, Any] = {}
        for name in sorted({each for each in slices if each is not None}, key=_natural):
            rows = [row for row, each in enumerate(slices) if each == name]
            entry: dict[str, Any] = {"items": len(rows), "results": {}}
            if len(rows) >= FEWEST_ITEMS:
                chosen = {column: [values[row] for row in rows] for column, values in items.items()}
                entry["results"] = {metric.name: _figure(metric, chosen, seed) for metric in shown}
            entries[name] = entry
        if len(entries) > 1 or way == "overlap":
            found[way] = entries
    return found


def _figure(metric: Metric, items: Items, seed: int) -> dict[str, float | None]:
    try:
        with np.errstate(invalid="ignore", divide="ignore"):
            interval = metric.interval(items, items["group"], seed, NUM_RESAMPLES)
    except ValueError:  # a slice may lack what the metric divides by (no entity in short sentences)
        return {"value": None, "low": None, "high": None}
    bounds = (interval.value, interval.low, interval.high)
    value, low, high = (None if not math.isfinite(each) else each for each in bounds)
    return {"value": value, "low": low, "high": high}


def _lengths(words: Sequence[int]) -> list[str | None]:
    """Thirds by number of words; fewer parts where lengths are much alike."""
    borders = sorted({int(each) for each in np.quantile(words, [1 / 3, 2 / 3], method="lower")}) if len(words) else []
    names = []
    for low, high in zip([None, *borders], [*borders, None], strict=True):
        names.append(
            f"{high} words or fewer" if low is None else f"{low + 1} to {high} words" if high else f"over {low} words"
        )
    if not borders:
        return [None] * len(words)
    return [names[int(np.searchsorted(borders, each, side="left"))] for each in words]


def _natural(name: str) -> tuple[float, str]:
    """Lengths in the order of their numbers, `over` last; everything else by name."""
    first = name.split(" ", maxsplit=1)[0]
    return (float(first) if first.isdecimal() else math.inf, name)
