"""Scores of a fine-tuning that was run with several seeds: each model answers, the figures are told together."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firstwords.artifact import Artifact
from firstwords.metrics.metric import Items, Metric

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


def over_seeds(metric: Metric, items: Mapping[int, Items]) -> dict[str, Any]:
    """Mean, spread (standard deviation, n - 1) and worst of a metric over seeds, and the value of each.

    Args:
        metric: The metric.
        items: Of at least two seeds.
    """
    values = {seed: metric.value(each) for seed, each in items.items()}
    worst = min if metric.higher_is_better else max
    return {
        "mean": statistics.mean(values.values()),
        "spread": statistics.stdev(values.values()),
        "worst": worst(values.values()),
        "values": {str(seed): value for seed, value in values.items()},
    }


def seeds_text(entry: Mapping[str, Any], figure: Any) -> str:
    """One line about the seeds of a result: `3 seeds: mean 0.781, spread 0.012, worst 0.766`.

    Args:
        entry: As `over_seeds` gives it.
        figure: Makes the text of a number.
    """
    told = ", ".join(f"{name} {figure(entry[name])}" for name in ("mean", "spread", "worst"))
    return f"{len(entry['values'])} seeds: {told}"
