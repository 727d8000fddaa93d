"""Scores models on tasks, each score with a confidence interval and baselines beside it.

Payload: `results.json` (task, metric, value, bounds, baselines), `tasks/<task>.json` (what the figures were made from:
model, data, units, versions; the scores of slices: short and long, label, source, clean and overlapping),
`items/<task>.parquet` (every item with the gold answer and the given ones; all figures are functions of it) and
`table.txt`.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.artifact import Artifact, atomic_write, write_json
from firstwords.evaluation.contamination import Asked
from firstwords.evaluation.task import Figures, Task
from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.statistics import LEVEL, NUM_RESAMPLES
from firstwords.recipe import Kind, configuration
from firstwords.stage import Outcome, Stage, Work

if TYPE_CHECKING:
    from firstwords.graph import Graph


@dataclass(frozen=True, kw_only=True)
class Evaluate(Stage):
    """Section `[evaluate]` of a recipe."""

    version: ClassVar[int] = 3

    tasks: Annotated[tuple[Annotated[Task, Kind("evaluation.tasks")], ...], Field(min_length=1)]
    seed: int = 0
    """Of the resampling."""
    contamination: Asked = None
    """`true` (or rules, see `evaluation/contamination.py`): items are searched for in the corpus that was learnt from,
    and every score is also told for clean and for overlapping ones."""

    def __post_init__(self) -> None:
        """Refuse two tasks of one name."""
        twice = [name for name, count in Counter(task.title for task in self.tasks).items() if count > 1]
        if twice:
            raise ValueError(f"two tasks are called '{twice[0]}': give one a name, for example name = \"{twice[0]}-2\"")

    def inputs(self, graph: "Graph") -> dict[str, str]:
        """What the tasks read, each role prefixed with its task's name; `corpus` where contamination is asked for."""
        from firstwords.stages.decontaminate import corpus

        found = {f"{task.title}/{role}": name for task in self.tasks for role, name in task.inputs(graph).items()}
        return found if self.contamination is None else found | {"corpus": corpus(graph)}

    def run(self, work: Work) -> Outcome:
        """Score the tasks one after another; those finished before a kill are not scored again."""
        import json

        from firstwords.evaluation.table import result_lines

        scored = []
        for task in self.tasks:
            record = f"tasks/{task.title}.json"
            if work.receipt(task.title) is None:
                num_items = self._score(task, work, record)
                work.finish(task.title, [record, f"items/{task.title}.parquet"], items=num_items)
            scored.append(json.loads(work.path(record).read_text(encoding="utf-8")))
        write_json(work.path("results.json"), {task["name"]: task["results"] for task in scored})
        lines = result_lines(scored)
        with atomic_write(work.path("table.txt")) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        num_items = sum(task["items"] for task in scored)
        summary = f"{len(scored)} task{'s' * (len(scored) != 1)}, {num_items:,} items"
        return Outcome(summary=summary, counts={task["name"]: task["items"] for task in scored}, tables=lines)

    def _score(self, task: Task, work: Work, record: str) -> int:
        """Score one task, write its two files; the number of items."""
        import torch

        from firstwords.evaluation.over_seeds import items_by_seed, seeds_entry
        from firstwords.evaluation.slices import item_texts, slice_keys, sliced_scores
        from firstwords.inference.foreign import load_checkpoint

        torch.set_num_threads(work.threads)
        prefix = f"{task.title}/"
        inputs = {role.removeprefix(prefix): a for role, a in work.inputs.items() if role.startswith(prefix)}

        def progress(text: str, done: float, total: float) -> None:
            work.progress(f"{task.title}   {text}", done, total)

        examples = task.examples(inputs)
        folder = inputs["model"].path("model") if task.checkpoint is None else task.checkpoint.folder
        model, computed_by = load_checkpoint(folder)
        answers = task.answers(model, [task.prompt(example) for example in examples], progress)
        items = task.score(examples, answers)
        texts = item_texts(examples, items)
        if self.contamination is not None and texts is not None:
            items["overlap"] = self._overlaps(texts, work, progress)
        baselines = task.baselines(inputs, examples, model, answers, progress)
        beside = {n: b if isinstance(b, Figures) else task.score(examples, b) for n, b in baselines.items()}
        seeds = items_by_seed(task, inputs["model"], examples, items, progress) if "model" in inputs else {}
        work.progress(f"{task.title}   intervals")
        scores = [_Score(metric, items, beside, self.seed) for metric in task.metrics(examples)]
        for score in scores if seeds else []:
            score.entry["seeds"] = seeds_entry(score.metric, seeds)
        _write_items(work, f"items/{task.title}.parquet", items, beside)
        slices = sliced_scores([score.metric for score in scores], items, slice_keys(items, texts), self.seed)
        more = {"slices": slices, "computed_by": computed_by}
        write_json(work.path(record), _record(task, inputs, items, scores) | more)
        work.event("scored", task=task.title, results={score.metric.name: score.entry for score in scores})
        return len(examples)

    def _overlaps(self, texts: list[str], work: Work, progress: Any) -> list[str]:
        """Of each item whether it stands in the corpus."""
        from firstwords.evaluation.contamination import states_of

        assert self.contamination is not None
        folder = work.inputs["corpus"].path("documents")
        told = "looking for items in the corpus"
        return states_of(texts, folder, self.contamination, lambda done, total: progress(told, done, total))


class _Score:
    """A metric's figure with its interval and the figures of the baselines."""

    def __init__(self, metric: Metric, items: Items, beside: Mapping[str, "Figures | Items"], seed: int) -> None:
        interval = metric.interval(items, items["group"], seed)
        bounds = [None if math.isnan(bound) else bound for bound in (interval.low, interval.high)]
        figures = {}
        for name, other in beside.items():
            if not isinstance(other, Figures):
                figures[name] = metric.value(other)
            elif metric.name in other:
                figures[name] = float(other[metric.name])
        self.metric = metric
        self.method = interval.method
        self.entry: dict[str, Any] = {"value": interval.value, "low": bounds[0], "high": bounds[1], "baseline": figures}


def _record(
    task: Task,
    inputs: Mapping[str, Artifact],
    items: Items,
    scores: Sequence[_Score],
) -> dict[str, Any]:
    """Everything a reader needs to trust or repeat a task's figures, as JSON."""
    return {
        "name": task.title,
        "task": configuration(task),
        "inputs": {role: {"name": a.name, "identity": a.identity} for role, a in inputs.items()},
        "items": len(items["id"]),
        "units": len(set(items["group"])),
        "unit": task.unit,
        "interval": {"level": LEVEL, "resamples": NUM_RESAMPLES},
        "metrics": {
            score.metric.name: {
                "metric": configuration(score.metric),
                "label": score.metric.shown_as,
                "higher_is_better": score.metric.higher_is_better,
                "is_detail": score.metric.is_detail,
                "interval": score.method,
            }
            for score in scores
        },
        "details": task.details(items),
        "results": {score.metric.name: score.entry for score in scores},
    }


def _write_items(work: Work, relative: str, items: Items, beside: "Mapping[str, Figures | Items]") -> None:
    """Write the items, with the answers of the baselines in columns of their own."""
    import pyarrow as pa

    from firstwords.data.shards import write_table

    columns = dict(items)
    for name, other in beside.items():
        if not isinstance(other, Figures):
            columns |= {f"{column} ({name})": other[column] for column in other if other[column] != items[column]}
    write_table(work.path(relative), pa.table({name: list(values) for name, values in columns.items()}))
