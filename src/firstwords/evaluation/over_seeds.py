"""Scores of a fine-tuning that was run with several seeds: each model answers, the figures are told together."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.artifact import Artifact
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.seeds import over_seeds

if TYPE_CHECKING:
    from firstwords.evaluation.task import Progress, Task


def items_by_seed(
    task: Task, model: Artifact, examples: Sequence[Any], items: Items, progress: Progress
) -> dict[int, Items]:
    """The scored items of each seed's model; empty where there was one seed.

    Args:
        task: Asks the models.
        model: A fine-tuning artifact.
        examples: Of the task.
        items: Those of the artifact's own model, which is the median seed's and is not asked again.
        progress: Told now and then.
    """
    from firstwords.inference.language_model import LanguageModel

    place = model.path("seeds.json")
    if not place.is_file():
        return {}
    told = json.loads(place.read_text(encoding="utf-8"))
    found: dict[int, Items] = {}
    for entry in told["seeds"]:
        seed = entry["seed"]
        if seed == told["median"]:
            found[seed] = items
            continue
        folder: Path = model.path("seeds") / str(seed) / "model"
        asked = LanguageModel.load(folder)
        found[seed] = task.score(examples, task.answers(asked, [task.prompt(e) for e in examples], progress))
    return found


def seeds_entry(metric: Metric, items: Mapping[int, Items]) -> dict[str, Any]:
    """What the seeds say of a metric: `mean` with `low` and `high` over seeds and units together, `spread` (standard
    deviation between seeds), `item_error` (standard error from the drawing of items), `worst`, `values` by seed.

    Args:
        metric: The metric.
        items: Of at least two seeds, the same ones in the same order.
    """
    tables = list(items.values())
    # All tables at once: a metric may choose its columns by what occurs (macro-F1 by the labels).
    shared = [name for name in tables[0] if all(name in table for table in tables)]
    together = metric.statistics({name: [value for table in tables for value in table[name]] for name in shared})
    parts = np.split(together, len(tables))
    found = over_seeds(parts, metric.figure, groups=tables[0]["group"], bounds=metric.bounds)
    bounds = [None if math.isnan(bound) else bound for bound in (found.low, found.high)]
    return {
        "mean": found.value,
        "low": bounds[0],
        "high": bounds[1],
        "spread": found.seed_deviation,
        "item_error": None if math.isnan(found.item_error) else found.item_error,
        "worst": found.lowest if metric.higher_is_better else found.highest,
        "values": {str(seed): float(metric.figure(part.sum(axis=0))) for seed, part in zip(items, parts, strict=True)},
    }
