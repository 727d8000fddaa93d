"""Running filters and transforms over documents: what the stage `clean` does to one shard.

Transforms see every row, also those that a filter rejected before, so that what is kept in `dropped/` has its
personal data removed too. Filters see the rows that are still in, unless all are to be scored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from firstwords.data.document import DOCUMENT
from firstwords.data.features import Features
from firstwords.data.filter import Filter, struct_of
from firstwords.data.shards import TableWriter, conform, read_batches
from firstwords.data.transform import Transform
from firstwords.recipe import kind_of

_REASON = [pa.field("step", pa.string()), pa.field("rule", pa.string()), pa.field("score", pa.float64())]
DROPPED = pa.schema([*DOCUMENT, *_REASON])


@dataclass(frozen=True)
class Cleaned:
    """A batch after all steps: what stays, the scores of all rows, what goes and why, and how often each thing was
    done.
    """

    documents: pa.RecordBatch
    scores: pa.RecordBatch
    dropped: pa.RecordBatch
    changed: dict[str, int]


def step_names(steps: Sequence[Filter | Transform]) -> list[str]:
    """The name of each step: its kind, with a number from the second of a kind on (`repeated_paragraphs_2`)."""
    seen: Counter[str] = Counter()
    names = []
    for step in steps:
        kind = kind_of(type(step)).rpartition(":")[2]
        seen[kind] += 1
        names.append(kind if seen[kind] == 1 else f"{kind}_{seen[kind]}")
    return names


def clean_batch(batch: pa.RecordBatch, steps: Sequence[Filter | Transform], score_all: bool = False) -> Cleaned:
    """Run the steps in order over documents.

    Args:
        batch: Documents.
        steps: Filters and transforms.
        score_all: Score also rows that an earlier filter rejected; it is always the earliest that is named as the
            reason.
    """
    rows = _Rows(batch, np.arange(batch.num_rows), Features(batch.column("text")))
    scores: dict[str, pa.StructArray] = {}
    changed: Counter[str] = Counter()
    for name, step in zip(step_names(steps), steps, strict=True):
        if isinstance(step, Transform):
            scores[name] = rows.transform(step)
            changed.update({f"{name}.{each}": _total(scores[name].field(each)) for each in step.counted})
        else:
            scores[name] = rows.judge(step, name, score_all)
    gone = rows.rule.astype(bool)
    dropped = rows.batch.filter(pa.array(gone))
    reasons = [
        pa.array(rows.step[gone], pa.string()),
        pa.array(rows.rule[gone], pa.string()),
        pa.array(rows.score[gone]),
    ]
    return Cleaned(
        documents=rows.batch.filter(pa.array(~gone)),
        scores=pa.RecordBatch.from_arrays([batch.column("id"), *scores.values()], ["id", *scores]),
        dropped=pa.RecordBatch.from_arrays([*dropped.columns, *reasons], schema=pa.schema([*batch.schema, *_REASON])),
        changed=dict(changed),
    )


@dataclass
class _Rows:
    """A batch on its way through the steps. `live` are the rows that `features` describes, those still scored."""

    batch: pa.RecordBatch
    live: np.ndarray
    features: Features
    step: np.ndarray = field(init=False)
    rule: np.ndarray = field(init=False)
    score: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        size = self.batch.num_rows
        self.step, self.rule, self.score = np.full(size, "", object), np.full(size, "", object), np.zeros(size)

    def transform(self, step: Transform) -> pa.StructArray:
        done = step.apply(self.batch)
        assert done.batch.num_rows == self.batch.num_rows, f"{type(step).__name__} changed the number of rows"
        self.batch = done.batch
        texts = self.batch.column("text").take(pa.array(self.live))
        self.features = self.features.replaced(texts, done.changed[self.live])
        return struct_of(**done.counts, **done.details)

    def judge(self, step: Filter, name: str, score_all: bool) -> pa.StructArray:
        whole = len(self.live) == self.batch.num_rows
        scores = step.score(self.batch if whole else self.batch.take(pa.array(self.live)), self.features)
        rules = np.array([rule or "" for rule in step.reject(scores).to_pylist()], object)
        failed = rules.astype(bool)
        for position in np.flatnonzero(failed):
            row = self.live[position]
            if not self.rule[row]:
                self.step[row], self.rule[row] = name, rules[position]
                self.score[row] = scores.field(rules[position])[int(position)].as_py()
        # Scores go back to the rows of the whole batch; rows that were not scored are null.
        places = np.full(self.batch.num_rows, -1)
        places[self.live] = np.arange(len(self.live))
        spread = scores if whole else scores.take(pa.array(places, mask=places < 0))
        if not score_all and failed.any():
            kept = np.flatnonzero(~failed)
            self.live, self.features = self.live[kept], self.features.select(kept)
        return spread


def _total(counts: pa.Array) -> int:
    return int(np.sum(counts.to_numpy()))


@dataclass(frozen=True)
class CleanShard:
    """Cleans one shard of documents; see `Work.map`."""

    steps: tuple[Filter | Transform, ...]
    score_all: bool

    def __call__(self, shard: tuple[str, str], folder: Path) -> dict[str, Any]:
        """Write `documents/`, `scores/` and `dropped/` of a shard.

        Args:
            shard: Its key, and the Parquet file to read.
            folder: Of the artifact.

        Returns:
            The files, rows in and out, dropped rows by step and rule, and what transforms did how often.
        """
        key, path = shard
        # An empty batch tells the types of the scores before there are any.
        nothing = clean_batch(no_documents(), self.steps)
        files = {name: f"{name}/{key}.parquet" for name in ("documents", "scores", "dropped")}
        dropped: Counter[str] = Counter()
        changed: Counter[str] = Counter()
        rows = 0
        with (
            TableWriter(folder / files["documents"], DOCUMENT) as documents,
            TableWriter(folder / files["scores"], nothing.scores.schema) as scores,
            TableWriter(folder / files["dropped"], DROPPED) as drops,
        ):
            for batch in read_batches(path, columns=DOCUMENT.names):
                cleaned = clean_batch(conform(batch, DOCUMENT), self.steps, self.score_all)
                documents.write(cleaned.documents)
                scores.write(cleaned.scores)
                drops.write(cleaned.dropped)
                reasons = zip(
                    cleaned.dropped.column("step").to_pylist(), cleaned.dropped.column("rule").to_pylist(), strict=True
                )
                dropped.update(f"{step}.{rule}" for step, rule in reasons)
                changed.update(cleaned.changed)
                rows += batch.num_rows
        counts = {"rows_in": rows, "rows_out": rows - dropped.total()}
        return {
            "files": list(files.values()),
            **counts,
            "dropped": dict(sorted(dropped.items())),
            "changed": dict(sorted(changed.items())),
        }


def no_documents() -> pa.RecordBatch:
    """A batch without rows."""
    return pa.RecordBatch.from_arrays([pa.array([], each.type) for each in DOCUMENT], schema=DOCUMENT)
