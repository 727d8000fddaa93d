"""What `firstwords show` tells: artifacts, results and counts of a recipe, and the documents that a stage dropped."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.artifact import MANIFEST, Artifact
from firstwords.errors import RecipeError
from firstwords.find import nearest
from firstwords.recipe_file import STAGE_ORDER

EXCERPT_CHARACTERS = 120


def load_record(name: str, root: Path) -> dict[str, Artifact]:
    """The artifacts that the last run of a recipe made or used, by full stage name.

    Args:
        name: The recipe's name, or the path of its file.
        root: Folder of all artifacts.

    Raises:
        RecipeError: If no recipe of that name was run.
    """
    stem = Path(name).stem if name.endswith(".toml") else name
    place = root / "recipes" / f"{stem}.json"
    if not place.is_file():
        names = sorted(p.stem for p in (root / "recipes").glob("*.json"))
        there = f" There: {', '.join(names)}" if names else f" Nothing was run yet in {root}"
        raise RecipeError(f"no run of '{stem}' in {root}.{nearest(stem, names)}{there}")
    entries = json.loads(place.read_text(encoding="utf-8"))["artifacts"]
    artifacts = {stage: Artifact(name=stage, folder=root / folder) for stage, folder in entries.items()}
    return {stage: artifact for stage, artifact in artifacts.items() if (artifact.folder / MANIFEST).is_file()}


def find_artifact(target: str, root: Path) -> Artifact:
    """The artifact that `recipe/stage`, `recipe/stage.name` or a folder names.

    Raises:
        RecipeError: If there is none; the message names the nearest.
    """
    folder = Path(target)
    if (folder / MANIFEST).is_file():
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Artifact(name=manifest["name"], folder=folder)
    name, slash, stage = target.rpartition("/")
    if not slash:
        raise RecipeError(f"'{target}' names no artifact: write for example quickstart/clean")
    artifacts = load_record(name, root)
    if stage in artifacts:
        return artifacts[stage]
    same_kind = [full for full in artifacts if full.partition(".")[0] == stage]
    if len(same_kind) == 1:
        return artifacts[same_kind[0]]
    raise RecipeError(f"{name} has no '{stage}'.{nearest(stage, list(artifacts))} There: {', '.join(artifacts)}")


def show(name: str, *, root: str | Path = "artifacts") -> dict[str, Any]:
    """Artifacts, results and counts of a recipe's last run.

    Args:
        name: The recipe's name.
        root: Folder of all artifacts.

    Returns:
        `artifacts` (full stage name to folder), `results` (task to metric to `{value, low, high, baseline}`) and
        `counts` (stage to kept, dropped by rule, rejected by reason).
    """
    artifacts = load_record(name, Path(root))
    results: dict[str, Any] = {}
    for artifact in artifacts.values():
        if (artifact.folder / "results.json").is_file():
            results |= json.loads((artifact.folder / "results.json").read_text(encoding="utf-8"))
    return {
        "artifacts": {stage: str(artifact.folder) for stage, artifact in artifacts.items()},
        "results": results,
        "counts": {s: a.manifest["counts"] for s, a in artifacts.items() if a.manifest["counts"]},
    }


@dataclass(frozen=True)
class Dropped:
    """A document that a stage took out."""

    id: str
    url: str
    step: str
    rule: str
    score: float | None
    excerpt: str
    kept_id: str | None = None


def dropped(artifact: Artifact, rules: Sequence[str] = ()) -> Iterator[Dropped]:
    """The documents that a data stage dropped, in stored order.

    Args:
        artifact: Of `clean` or `deduplicate`.
        rules: Only these rules (`min_words` or `gopher_quality.min_words`) or steps.

    Raises:
        RecipeError: If the stage drops nothing by its nature, or a rule dropped no document and is misspelt.
    """
    from pyarrow import parquet

    if not artifact.path("dropped").is_dir():
        raise RecipeError(f"{artifact.name} keeps no list of dropped documents; look at clean or deduplicate")
    known = set()
    for place in sorted(artifact.path("dropped").glob("*.parquet")):
        for batch in parquet.ParquetFile(place).iter_batches(1000):
            for row in batch.to_pylist():
                names = {row["step"], row["rule"], f"{row['step']}.{row['rule']}"}
                known |= names
                if rules and not names & set(rules):
                    continue
                text = " ".join((row["text"] or "").split())
                yield Dropped(
                    id=row["id"],
                    url=row.get("url") or "",
                    step=row["step"],
                    rule=row["rule"],
                    score=row["score"],
                    excerpt=text[:EXCERPT_CHARACTERS],
                    kept_id=row.get("kept_id"),
                )
    unknown = [rule for rule in rules if rule not in known]
    if unknown:
        there = f" Rules that did: {', '.join(sorted(known))}" if known else ""
        raise RecipeError(f"no document was dropped by '{unknown[0]}'.{nearest(unknown[0], sorted(known))}{there}")


def table(artifacts: dict[str, Artifact]) -> Iterator[str]:
    """One aligned line for every artifact."""
    order = {stage: position for position, stage in enumerate(STAGE_ORDER)}
    for name in sorted(artifacts, key=lambda n: (order.get(n.partition(".")[0], len(order)), n)):
        artifact = artifacts[name]
        yield f"{name:<22} {artifact.identity:<12} {artifact.manifest['summary']}"


def learning_curves(target: str, root: Path) -> Iterator[str]:
    """The curve of a pre-training, or those of all in a recipe, each with the last text that the model wrote.

    Args:
        target: A recipe's name, an artifact or a folder.
        root: Folder of all artifacts.

    Raises:
        RecipeError: If there is no pre-training.
    """
    from firstwords.training.learning_curve import curve

    if "/" in target and not target.endswith(".toml"):
        artifacts = [find_artifact(target, root)]
    else:
        artifacts = [a for name, a in load_record(target, root).items() if name.partition(".")[0] == "pretrain"]
    artifacts = [each for each in artifacts if (each.folder / "curve.parquet").is_file()]
    if not artifacts:
        raise RecipeError(f"{target} has no learning curve: name a recipe that pre-trains, or its pretrain stage")
    for number, artifact in enumerate(artifacts):
        yield f"{'' if not number else chr(10)}{artifact.name}   {artifact.identity}   {artifact.manifest['summary']}"
        yield from curve(artifact.folder)
        yield from _last_samples(artifact.folder / "samples.jsonl")


def _last_samples(place: Path, width: int = 80) -> Iterator[str]:
    import textwrap

    from firstwords.console import printable

    samples = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()] if place.is_file() else []
    for sample in [each for each in samples if each["step"] == samples[-1]["step"]]:
        text = f"{sample.get('prompt', '')}|{sample['text']}"
        head = f"{sample['tokens']:>10,} "
        shown = textwrap.wrap(printable(" ".join(text.split())), width, initial_indent=head, subsequent_indent=" " * 11)
        yield from shown[:4]


def explanation(artifact: Artifact, width: int = 80) -> Iterator[str]:
    """Every number that a stage derived, with where it comes from, in lines of a width."""
    import textwrap

    for name, value, reason in artifact.manifest.get("reasons", []):
        head = f"{name:<18} {value:<12} "
        yield from textwrap.wrap(reason, width, initial_indent=head, subsequent_indent=" " * len(head))
