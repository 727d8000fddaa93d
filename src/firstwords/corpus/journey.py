"""The way of one document through the stages: "why is this page not in my corpus?", answered from the start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from firstwords.artifact import Artifact
from firstwords.corpus.score_table import figure, told_bounds
from firstwords.corpus.scores import Rule, Scores
from firstwords.corpus.thresholds import passes
from firstwords.data.document import DOCUMENT
from firstwords.data.shards import shard_files
from firstwords.errors import RecipeError

KEPT, DROPPED, REJECTED, FAILED = "kept", "dropped", "rejected", "failed"
NUM_HINTS = 5
_REASON = ("step", "rule", "score", "kept_id")


@dataclass(frozen=True)
class Score:
    """A score of the document and what the rule asks."""

    rule: str
    value: float | str | None
    low: float | None = None
    high: float | None = None
    bounds_known: bool = True
    passes: bool = True


@dataclass(frozen=True)
class Stop:
    """What one stage did with the document.

    `fate` is one of `kept`, `dropped`, `rejected` and `failed`; `facts` are further columns that the stage stored with
    its decision, and `like` the kept document that made this one a duplicate.
    """

    stage: str
    identity: str
    fate: str
    told: str
    characters: int | None = None
    like: dict[str, str | None] | None = None
    changed: dict[str, int] = field(default_factory=dict)
    scores: list[Score] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Journey:
    """A document, or an address that gave none, and its stops in order. `text` is as the last stage has it."""

    id: str
    about: dict[str, Any]
    stops: list[Stop]
    text: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is still there at the end."""
        return bool(self.stops) and self.stops[-1].fate == KEPT

    @property
    def verdict(self) -> str:
        """One sentence: whether it is in the corpus, and if not, why."""
        last = self.stops[-1]
        return f"In the corpus after {last.stage}." if self.kept else f"Not in the corpus: {last.stage}: {last.told}."

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return asdict(self) | {"kept": self.kept, "verdict": self.verdict}


Found = dict[tuple[str, str], Journey]
"""Journeys by id and shard: the same record may have been read twice, from two archives."""


def journeys(way: Sequence[Artifact], key: str, limit: int = 0) -> list[Journey]:
    """The ways of all documents of an id or address.

    Args:
        way: Artifacts in the order in which documents pass through them.
        key: An id or an address; the passages of a page are found by the page's address.
        limit: At most so many documents; 0 for all.

    Raises:
        RecipeError: If there is none; the message names addresses that contain the key.
    """
    found: Found = {}
    for artifact in way:
        for shard, journey, stop in _stops(artifact, key, found):
            journey.stops.append(stop)
            found.setdefault((journey.id, shard), journey)
    if not found:
        near = list(_addresses_with(way, key))
        hint = f" Addresses that contain it: {', '.join(near)}" if near else " Give an id or a whole address."
        raise RecipeError(f"no document '{key}' in {', '.join(a.name for a in way)}.{hint}")
    return list(found.values())[: limit or None]


def _stops(artifact: Artifact, key: str, found: Found) -> Iterator[tuple[str, Journey, Stop]]:
    """What a stage did with each document that the key names or that an earlier stage showed, and its shard."""
    ids = {key, *(identity for identity, _ in found)}
    for line in _failures(artifact, key):
        told = f"not fetched: {line['reason']}: {line.get('detail', '')}"
        about = {"url": line["url"]}
        yield "", Journey(line["url"], about, []), Stop(artifact.name, artifact.identity, FAILED, told)
    for number, (row, shard) in enumerate(_rows(artifact.path("rejected"), ids, key)):
        told = f"rejected as {row['reason']}: {row['detail']}"
        stop = Stop(artifact.name, artifact.identity, REJECTED, told, facts={"bytes": row["size"]})
        # Its id may be that of a document that was kept, when it is the second of an address: it stays apart.
        yield f"{shard} rejected {number}", _journey({}, row, shard), stop
    scores = Scores(artifact) if artifact.path("scores").is_dir() else None
    for name in ("documents", "dropped"):
        for row, shard in _rows(artifact.path(name), ids, key):
            journey = _journey(found, row, shard)
            journey.text = row["text"]
            yield shard, journey, _stop(artifact, row, shard, scores)


def _stop(artifact: Artifact, row: dict[str, Any], shard: str, scores: Scores | None) -> Stop:
    judged, changed = _scores_of(scores, shard, row["id"]) if scores else ([], {})
    facts = {k: v for k, v in row.items() if k not in DOCUMENT.names and k not in _REASON and v is not None}
    facts |= _removed(artifact.path("removed", f"{shard}.parquet"), row["id"])
    like = None
    if row.get("step"):
        score = f" ({figure(row['score'])})" if row.get("score") is not None else ""
        told, fate = f"dropped by {row['step']}.{row['rule']}{score}", DROPPED
        asked = next((s for s in judged if s.rule == f"{row['step']}.{row['rule']}"), None)
        if asked is not None and asked.bounds_known:
            told = f"{told}, which keeps {told_bounds((asked.low, asked.high))}"
        if row.get("kept_id"):
            like = {"id": row["kept_id"], "url": _address_of(artifact, row["kept_id"])}
    else:
        told, fate = KEPT, KEPT
        extractor = dict(row.get("metadata") or ()).get("extractor")
        if extractor and artifact.stage == "extract":
            told = f"extracted by {extractor}"
    return Stop(artifact.name, artifact.identity, fate, told, len(row["text"]), like, changed, judged, facts)


def _removed(place: Path, identity: str) -> dict[str, str]:
    """What a stage that keeps a list of removed stretches took out of a document, by step."""
    if not place.is_file():
        return {}
    sizes: dict[str, list[int]] = {}
    for row, _ in _rows(place, {identity}, None):
        sizes.setdefault(f"removed by {row['step']}", []).append(row["end"] - row["start"])
    return {step: f"{len(each):,} stretches, {sum(each):,} characters" for step, each in sizes.items()}


def _scores_of(scores: Scores, shard: str, identity: str) -> tuple[list[Score], dict[str, int]]:
    """What every filter scored and what every transform counted."""
    path = scores.artifact.path("scores", f"{shard}.parquet")
    row, _ = next(iter(_rows(path, {identity}, None)), ({}, ""))
    judged: list[Score] = []
    changed: dict[str, int] = {}
    for step in scores.steps:
        # A step that did not see the row has a null for all its scores.
        values = row.get(step) or {rule.name: None for rule in scores.rules.values() if rule.step == step}
        for name, value in values.items():
            full = f"{step}.{name}"
            if full in scores.rules:
                judged.append(_judged(scores.rules[full], value))
            elif isinstance(value, str):
                judged.append(Score(full, value))
            elif value and isinstance(value, int | float):
                changed[full] = int(value)  # a list of lengths or the like is not told here
    return judged, changed


def _judged(rule: Rule, value: float | None) -> Score:
    import numpy as np

    low, high = rule.bounds or (None, None)
    good = bool(passes((low, high), np.array([np.nan if value is None else value], float))[0])
    return Score(rule.full_name, value, low, high, rule.bounds is not None, good)


def _journey(found: Found, row: dict[str, Any], shard: str) -> Journey:
    """The journey of a row, told as the newest stage has it: personal data in titles goes only on the way."""
    journey = found.get((row["id"], shard)) or Journey(row["id"], {}, [])
    journey.about |= {k: row[k] for k in ("url", "title", "source", "date", "language", "licence") if row.get(k)}
    if row.get("metadata"):
        journey.about["metadata"] = dict(row["metadata"])
    return journey


def _failures(artifact: Artifact, key: str) -> Iterator[dict[str, Any]]:
    for place in sorted(artifact.folder.glob("*/*.failed.jsonl")):
        with place.open(encoding="utf-8") as file:
            for line in file:
                # Parsed only where the address can be in it.
                if json.dumps(key, ensure_ascii=False)[1:-1] in line or json.dumps(key)[1:-1] in line:
                    row = json.loads(line)
                    if row["url"] == key:
                        yield row


def _rows(place: Path, ids: set[str], key: str | None) -> Iterator[tuple[dict[str, Any], str]]:
    """Rows with one of the ids, or with the key as their address, and the shard they are in.

    Names are read first, and other columns only of the row groups that hold a row asked for.
    """
    shards = {place.stem: place} if place.is_file() else shard_files(place) if place.is_dir() else {}
    for shard, path in shards.items():
        with pq.ParquetFile(path) as file:
            names = [name for name in ("id", "url") if name in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group, columns=names).to_pylist()
                wanted = [n for n, row in enumerate(rows) if row["id"] in ids or _is_at(row.get("url"), key)]
                if wanted:
                    whole = file.read_row_group(group).take(wanted)
                    yield from ((row, shard) for row in whole.to_pylist())


def _is_at(url: str | None, key: str | None) -> bool:
    return bool(url and key) and (url == key or str(url).partition("#")[0] == key)


def _address_of(artifact: Artifact, identity: str) -> str | None:
    return next((row["url"] for row, _ in _rows(artifact.path("documents"), {identity}, None)), None)


def _addresses_with(way: Sequence[Artifact], key: str) -> Iterator[str]:
    """A few addresses that contain a key, each once."""
    seen: set[str] = set()
    for artifact in way:
        for name in ("documents", "rejected"):
            folder = artifact.path(name)
            for path in shard_files(folder).values() if folder.is_dir() else []:
                for url in pq.read_table(path, columns=["url"]).column("url").to_pylist():
                    if url and key.lower() in url.lower() and url not in seen:
                        seen.add(url)
                        yield url
                        if len(seen) == NUM_HINTS:
                            return


def lines(journey: Journey) -> Iterator[str]:
    """The journey for people: what it is, what each stage did, every score with its bounds, the text."""
    about = dict(journey.about)
    yield about.pop("url", None) or journey.id
    metadata = about.pop("metadata", {})
    yield "   ".join([f"id {journey.id}", *(f"{name} {value}" for name, value in about.items())])
    yield journey.verdict
    yield ""
    before = None
    for stop in journey.stops:
        yield f"{stop.stage:<14} {stop.identity:<11} {stop.told}{_told_size(stop.characters, before)}"
        before = stop.characters or before
        if stop.like:
            yield f"{'':<26} like {stop.like['id']}   {stop.like['url'] or ''}".rstrip()
        for name, value in stop.facts.items():
            yield f"{'':<26} {name} {value}"
        for name, number in stop.changed.items():
            yield f"  {name:<38} {number:>10,} changed"
        for score in stop.scores:
            yield _score_line(score)
    if metadata:
        yield ""
        for name, value in metadata.items():
            yield f"{name:<14} {value}"
    if journey.text:
        yield ""
        yield journey.text


def _told_size(characters: int | None, before: int | None) -> str:
    if characters is None or characters == before:
        return ""
    if before is None:
        return f"; {characters:,} characters"
    return f"; {characters:,} characters, before {before:,}"


def _score_line(score: Score) -> str:
    if isinstance(score.value, str):
        return f"  {score.rule:<38} {score.value:>10}"
    if score.value is None:
        return f"  {score.rule:<38} {'-':>10}   not scored: dropped before"
    if (score.low, score.high) == (None, None):
        return f"  {score.rule:<38} {figure(score.value):>10}" + ("" if score.bounds_known else "   bounds not known")
    sign = "  " if score.passes else "x "
    return f"{sign}{score.rule:<38} {figure(score.value):>10}   {told_bounds((score.low, score.high))}"
