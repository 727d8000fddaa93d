"""What a run left behind, as plain values: curves, samples, scores and costs, for reports and cards.

A run need not be whole: what is not there is simply not among the values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.artifact import MANIFEST, Artifact
from firstwords.corpus.description import without_personal_data
from firstwords.corpus.lineage import beside, holds_data, run_name
from firstwords.errors import RecipeError
from firstwords.overview import find_artifact, load_record
from firstwords.recipe_file import STAGE_ORDER

NUM_POINTS = 160
SAMPLE_CHARACTERS = 400
CORE_WATTS = (4.0, 15.0)
"""Of a processor core at work with its share of memory and board: from laptops (15 W for four) to servers (350 W for
24 and its memory). A measurement of the machine would beat any such range."""


@dataclass(frozen=True)
class Run:
    """A name and finished artifacts, each behind those that it was made from."""

    name: str
    artifacts: tuple[Artifact, ...]

    def of(self, *stages: str) -> list[Artifact]:
        """The artifacts of some stages."""
        return [artifact for artifact in self.artifacts if artifact.stage in stages]

    def data_ends(self) -> list[Artifact]:
        """Artifacts with documents from which no other documents were made; the collection where there are none."""
        data = [a for a in self.artifacts if holds_data(a)]
        needed = {entry["identity"] for a in data for entry in a.manifest["inputs"].values()}
        ends = [a for a in data if a.identity not in needed]
        return [a for a in ends if a.path("documents").is_dir()] or ends


@dataclass(frozen=True)
class Curve:
    """The course of a training: points of tokens seen and loss, smoothed, and what was measured on held-out examples.

    Attributes:
        unit: `bits per byte` or `nats`.
        scores: Other figures measured on the way, by name.
    """

    name: str
    unit: str
    training: list[tuple[float, float]]
    held_out: list[tuple[float, float]]
    scores: dict[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Cost:
    """What an artifact took: seconds, cores that worked, and a range of energy in watt-hours."""

    name: str
    seconds: float
    cores: int
    low: float
    high: float


def find_run(target: str, root: Path) -> Run:
    """The run of a recipe, or an artifact with everything that it was made from.

    Raises:
        RecipeError: If there is none, or none of its artifacts is finished.
    """
    whole = "/" not in target.removesuffix("/") and not (Path(target) / MANIFEST).is_file()
    if whole:
        known = list(load_record(target, root).values())
        if not known:
            raise RecipeError(f"'{target}' has no finished artifact: run it first")
        return Run(run_name(target, known), tuple(_ordered(known)))
    artifact = find_artifact(target, root)
    is_folder = (Path(target) / MANIFEST).is_file()
    recorded = [] if is_folder else list(load_record(target.rpartition("/")[0], root).values())
    by_identity = {each.identity: each for each in recorded}
    found, waiting = {artifact.identity: artifact}, [artifact]
    while waiting:
        current = waiting.pop()
        for entry in current.manifest["inputs"].values():
            before = by_identity.get(entry["identity"]) or beside(current, entry)
            if before is not None and before.identity not in found:
                found[before.identity] = before
                waiting.append(before)
    return Run(run_name(target, [artifact]), tuple(_ordered(list(found.values()))))


def curve(artifact: Artifact) -> Curve | None:
    """The learning curve of a training, or None where it has none."""
    from pyarrow import parquet

    place = artifact.path("curve.parquet")
    if not place.is_file():
        return None
    table = parquet.read_table(place).to_pydict()
    tokens, losses = table["tokens"], table["loss"]
    measured = [row for row, value in enumerate(table.get("validation_loss", [])) if value is not None]
    bits = table.get("bits_per_byte", [])
    last = measured[-1] if measured else None
    has_bits = last is not None and bool(bits) and bits[last] is not None
    scale = bits[last] / table["validation_loss"][last] if has_bits and last is not None else 1.0
    window = max(1, len(losses) // 50)
    smooth = [math.fsum(losses[max(0, n + 1 - window) : n + 1]) / min(n + 1, window) for n in range(len(losses))]
    step = max(1, len(smooth) // NUM_POINTS)
    shown = sorted({*range(0, len(smooth), step), len(smooth) - 1}) if smooth else []
    known = {"step", "tokens", "loss", "rate", "gradient_norm", "validation_loss", "bits_per_byte"}
    scores = {
        name: [(tokens[n], value) for n, value in enumerate(values) if value is not None]
        for name, values in table.items()
        if name not in known and any(isinstance(value, float) for value in values)
    }
    return Curve(
        name=artifact.name,
        unit="bits per byte" if has_bits else "nats",
        training=[(tokens[n], smooth[n] * scale) for n in shown if math.isfinite(smooth[n])],
        held_out=[(tokens[n], table["validation_loss"][n] * scale) for n in measured],
        scores=scores,
    )


def samples(artifact: Artifact) -> list[dict[str, Any]]:
    """What a model wrote on the way (`step`, `tokens`, `prompt`, `text`), without personal data."""
    place = artifact.path("samples.jsonl")
    rows = [json.loads(line) for line in place.read_text("utf-8").splitlines()] if place.is_file() else []
    return [
        row | {name: without_personal_data(row.get(name) or "", SAMPLE_CHARACTERS) for name in ("prompt", "text")}
        for row in rows
    ]


def scored_tasks(artifact: Artifact) -> list[dict[str, Any]]:
    """The records of an evaluation's tasks, in the recipe's order."""
    place = artifact.path("results.json")
    if not place.is_file():
        return []
    names = json.loads(place.read_text("utf-8"))
    records = [artifact.path("tasks", f"{name}.json") for name in names]
    return [json.loads(record.read_text("utf-8")) for record in records if record.is_file()]


def items_of(artifact: Artifact, task: str) -> dict[str, list[Any]]:
    """The stored items of a task; empty where they were deleted."""
    from pyarrow import parquet

    place = artifact.path("items", f"{task}.parquet")
    return parquet.read_table(place).to_pydict() if place.is_file() else {}


def example_texts(artifact: Artifact, ids: set[str], part: str = "test") -> dict[str, str]:
    """Texts of a fine-tuning's examples by id; none where it stores none."""
    from pyarrow import parquet

    place = artifact.path(f"{part}.parquet")
    if not place.is_file() or "text" not in parquet.read_schema(place).names:
        return {}
    table = parquet.read_table(place, columns=["id", "text"]).to_pydict()
    return {name: text for name, text in zip(table["id"], table["text"], strict=True) if name in ids}


def cost(artifact: Artifact) -> Cost:
    """Seconds and estimated energy: wall time, times the cores that it was given, times `CORE_WATTS`."""
    manifest = artifact.manifest
    machine: Mapping[str, Any] = manifest.get("machine", {})
    asked = max(machine.get("threads", 1), machine.get("workers", 1))
    cores = min(asked, machine.get("cores", asked))
    low, high = (manifest["seconds"] * cores * watts / 3600 for watts in CORE_WATTS)
    return Cost(artifact.name, manifest["seconds"], cores, low, high)


def _ordered(artifacts: list[Artifact]) -> Iterator[Artifact]:
    """Inputs first, then by the order of stages."""
    order = {stage: number for number, stage in enumerate(STAGE_ORDER)}
    left = sorted(artifacts, key=lambda a: (order.get(a.stage, len(order)), a.name))
    done: set[str] = set()
    identities = {a.identity for a in left}
    while left:
        needs = ({e["identity"] for e in a.manifest["inputs"].values()} & identities for a in left)
        ready = next((n for n, needed in enumerate(needs) if needed <= done), 0)
        artifact = left.pop(ready)
        done.add(artifact.identity)
        yield artifact
