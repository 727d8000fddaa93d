"""Everything that is known about a corpus and the way to it, as plain values: what the data report shows.

Shards are read one after the other and only in the columns that are counted, so memory depends on how many different
values there are, not on the size of the corpus.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from firstwords.artifact import Artifact
from firstwords.corpus.histogram import Counted, Histogram, histogram, quantiles
from firstwords.corpus.meanings import REASONS, meanings
from firstwords.corpus.scores import Distribution, Scores
from firstwords.data.personal_data import personal_data
from firstwords.data.shards import read_batches, shard_files

NUM_EXAMPLES = 3
NUM_VALUES = 200
NUM_CLUSTERS = 10
EXCERPT_CHARACTERS = 280
UNSURE_CHARACTERS = 80


@dataclass(frozen=True)
class Example:
    """A document that was taken out, without personal data."""

    name: str
    title: str
    detail: str
    excerpt: str
    like: str = ""


@dataclass(frozen=True)
class StageFacts:
    """What one stage did: `lost` maps a rule or reason to a number, `changed` what transforms counted."""

    name: str
    identity: str
    digest: str
    summary: str
    kept: int
    lost: dict[str, int]
    changed: dict[str, int]
    configuration: dict[str, Any]
    versions: dict[str, str]
    seconds: float
    examples: dict[str, list[Example]] = field(default_factory=dict)
    rules: list[str] = field(default_factory=list)
    """Scores of its filters, by full name."""


@dataclass(frozen=True)
class Values:
    """The commonest values of a column, how many more there are, and how many rows have none."""

    common: list[tuple[str, int]]
    others: int
    num_others: int
    missing: int

    @property
    def total(self) -> int:
        """Rows that have a value."""
        return self.others + sum(number for _, number in self.common)

    def first(self, number: int) -> Values:
        """The same with fewer of the commonest values, and more others."""
        rest = self.common[number:]
        others = self.others + sum(count for _, count in rest)
        return Values(self.common[:number], others, self.num_others + len(rest), self.missing)


@dataclass(frozen=True)
class Clusters:
    """Groups of duplicates: how many of each size (the kept document counts), and the largest."""

    sizes: dict[int, int]
    largest: list[tuple[str, int]]


@dataclass
class Description:
    """A corpus and the way to it."""

    stages: list[StageFacts]
    columns: dict[str, Values]
    documents: int
    characters: int
    lengths: Histogram
    length_quantiles: dict[str, float]
    distributions: list[Distribution] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    clusters: Clusters | None = None

    @property
    def personal_data(self) -> dict[str, int]:
        """Removed pieces of personal data by type, over all stages."""
        found: Counter[str] = Counter()
        for stage in self.stages:
            for name, number in stage.changed.items():
                step, _, kind = name.partition(".")
                if step.startswith("personal_data"):
                    found[kind] += number
        return dict(found)


def describe(way: Sequence[Artifact], examples: bool = True) -> Description:
    """Read the artifacts of a way, see `corpus.lineage.way`, and count what a reader wants to know.

    Args:
        way: Artifacts in the order in which documents pass through them.
        examples: Also some of the documents that each rule took out.
    """
    last = way[-1]
    columns, lengths = _columns(last)
    found = Description(
        stages=[_facts(artifact, examples) for artifact in way],
        columns=columns,
        documents=len(lengths),
        characters=int(lengths.sum()),
        lengths=histogram({"kept": lengths}, num_bins=24),
        length_quantiles=quantiles(lengths),
        clusters=_clusters(way),
        meanings=dict(REASONS),
    )
    for artifact, stage in zip(way, found.stages, strict=True):
        if artifact.path("scores").is_dir():
            scores = Scores(artifact)
            stage.rules.extend(scores.rules)
            found.distributions += [scores.distribution(rule) for rule in scores.rules.values()]
            found.notes += scores.notes
            for name, step in scores.steps.items():
                names = [rule.name for rule in scores.rules.values() if rule.step == name]
                found.meanings |= {f"{name}.{k}": v for k, v in meanings(type(step), names).items()}
    return found


def without_personal_data(text: str, limit: int = EXCERPT_CHARACTERS) -> str:
    """The beginning of a text on one line, personal data replaced by its type."""
    line = " ".join(text[: 40 * limit].split())
    window = line[: 4 * limit]
    parts, end = [], 0
    for span in personal_data(window):
        parts += [window[end : span.start], f"<{span.type.upper()}>"]
        end = span.end
    parts.append(window[end:])
    # What stands at a cut may be the half of something that was not recognised.
    line = "".join(parts) if len(window) == len(line) else "".join(parts)[:-UNSURE_CHARACTERS]
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _facts(artifact: Artifact, examples: bool) -> StageFacts:
    manifest = artifact.manifest
    counts = manifest["counts"]
    lost = {**counts.get("rejected", {}), **counts.get("dropped", {})}
    removed = counts.get("removed") or {k.removesuffix("_removed"): v for k, v in counts.items() if "_removed" in k}
    return StageFacts(
        name=artifact.name,
        identity=artifact.identity,
        digest=manifest["digest"],
        summary=manifest["summary"],
        kept=counts.get("kept", 0),
        lost=dict(sorted(lost.items(), key=lambda item: (-item[1], item[0]))),
        changed=counts.get("changed", {}) | {f"removed.{kind}": number for kind, number in removed.items()},
        configuration=manifest["ingredients"]["configuration"],
        versions=manifest["versions"],
        seconds=manifest["seconds"],
        examples=_examples(artifact) if examples else {},
    )


def _examples(artifact: Artifact) -> dict[str, list[Example]]:
    """The first few documents that each rule or reason took out, in stored order."""
    found: dict[str, list[Example]] = {}
    for row in _rows(artifact, "dropped"):
        examples = found.setdefault(f"{row['step']}.{row['rule']}", [])
        if len(examples) < NUM_EXAMPLES:
            score = "" if row.get("score") is None else f"{row['score']:.4g}"
            examples.append(_example(row, score, row["text"]))
    for row in _rows(artifact, "rejected"):
        examples = found.setdefault(row["reason"], [])
        if len(examples) < NUM_EXAMPLES:
            examples.append(_example(row, without_personal_data(row["detail"]), ""))
    for place in sorted(artifact.folder.glob("*/*.failed.jsonl")):
        with place.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                examples = found.setdefault(row["reason"], [])
                if len(examples) < NUM_EXAMPLES:
                    examples.append(_example(row, without_personal_data(row.get("detail") or ""), ""))
    return found


def _example(row: dict[str, Any], detail: str, text: str) -> Example:
    name = without_personal_data(row.get("url") or row.get("id") or "")
    title = without_personal_data(row.get("title") or "", 120)
    return Example(name, title, detail, without_personal_data(text), row.get("kept_id") or "")


def _rows(artifact: Artifact, folder: str) -> Iterator[dict[str, Any]]:
    """Rows of a stage's `dropped/` or `rejected/`, few of each reason in memory at a time."""
    if not artifact.path(folder).is_dir():
        return
    for path in shard_files(artifact.path(folder)).values():
        for batch in read_batches(path, batch_rows=256):
            names = [n for n in batch.schema.names if n not in ("metadata", "source", "language", "licence", "date")]
            yield from batch.select(names).to_pylist()


def _columns(artifact: Artifact) -> tuple[dict[str, Values], Counted]:
    """Counts of the columns of the final documents, and the length of every text in characters."""
    counted = {name: Counter[str | None]() for name in ("source", "language", "licence", "date", "site", "split")}
    lengths = Counted.together([])
    for path in shard_files(artifact.path("documents")).values():
        names = set(pq.read_schema(path).names)
        for batch in read_batches(path, columns=[n for n in (*counted, "url", "text") if n in names]):
            here = pc.utf8_length(batch.column("text")).to_numpy(zero_copy_only=False)
            lengths = Counted.together([lengths, Counted.of(here)])
            for name, counter in counted.items():
                if name in batch.schema.names:
                    _count(counter, batch.column(name), 4 if name == "date" else None)
            if "url" in batch.schema.names:
                counted["site"].update(map(_site, batch.column("url").to_pylist()))
    columns = {("year" if name == "date" else name): _values(counter, name) for name, counter in counted.items()}
    return {name: values for name, values in columns.items() if values.total}, lengths


def _count(counter: Counter[str | None], column: pa.Array, length: int | None) -> None:
    if length is not None:
        column = pc.utf8_slice_codeunits(column, 0, length)
    for entry in pc.value_counts(column).to_pylist():
        counter[entry["values"]] += entry["counts"]


def _values(counter: Counter[str | None], name: str) -> Values:
    missing = counter.pop(None, 0) + counter.pop("", 0)
    ordered = sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))
    common = [(without_personal_data(str(value), 80), number) for value, number in ordered[:NUM_VALUES]]
    if name == "date":
        common.sort()
    rest = ordered[NUM_VALUES:]
    return Values(common, sum(number for _, number in rest), len(rest), missing)


def _site(url: str | None) -> str | None:
    if not url:
        return None
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _clusters(way: Sequence[Artifact]) -> Clusters | None:
    """The groups of duplicates of the last stage that took out duplicates."""
    for artifact in reversed(way):
        place = artifact.path("clusters.json")
        if place.is_file():
            sizes = Counter(size for _, size in _sizes(place))
            largest = heapq.nsmallest(NUM_CLUSTERS, _sizes(place), key=lambda item: (-item[1], item[0]))
            names = _names(list(shard_files(artifact.path("documents")).values()), {key for key, _ in largest})
            numbers = dict(sorted(sizes.items()))
            return Clusters(numbers, [(names.get(key, key), size) for key, size in largest])
    return None


def _sizes(place: Path) -> Iterator[tuple[str, int]]:
    """Ids and sizes of `clusters.json`, which has one on each line: there may be millions."""
    with place.open(encoding="utf-8") as file:
        for line in file:
            key, separator, size = line.strip().rstrip(",").rpartition(": ")
            if separator:
                yield json.loads(key), int(size)


def _names(files: Sequence[Path], ids: set[str]) -> dict[str, str]:
    """Addresses of some documents, by id."""
    found: dict[str, str] = {}
    for path in files:
        for batch in read_batches(path, columns=["id", "url"]):
            found |= {row["id"]: row["url"] or row["id"] for row in batch.to_pylist() if row["id"] in ids}
    return {key: without_personal_data(value) for key, value in found.items()}
