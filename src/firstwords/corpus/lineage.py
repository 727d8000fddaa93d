"""The data artifacts of a run in the order in which documents pass through them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from firstwords.artifact import CARD, CROISSANT, MANIFEST, Artifact
from firstwords.errors import RecipeError
from firstwords.overview import find_artifact, load_record


def holds_data(artifact: Artifact) -> bool:
    """Whether an artifact holds collected records or documents."""
    return artifact.path("sources.json").is_file() or artifact.path("documents").is_dir()


def way(target: str, root: Path) -> list[Artifact]:
    """The artifacts that documents pass through, from the collection to the last one, with the target among them.

    Args:
        target: A recipe's name, `recipe/stage` or a folder.
        root: Folder of all artifacts.

    Raises:
        RecipeError: If the target holds no documents, or a recipe has several ends and none is named.
    """
    if "/" not in target.removesuffix("/") and not (Path(target) / MANIFEST).is_file():
        known = [a for a in load_record(target, root).values() if holds_data(a)]
        needed = {identity for a in known for identity in _inputs(a)}
        ends = [a for a in known if a.identity not in needed]
        # A collection whose documents were deleted is no end while there are documents.
        ends = [a for a in ends if a.path("documents").is_dir()] or ends
        if len(ends) != 1:
            there = ", ".join(f"{target}/{a.name}" for a in ends) or "none"
            raise RecipeError(f"{target} has {len(ends)} artifacts where documents end; name one: {there}")
        return upstream(ends[0], known)
    artifact = find_artifact(target, root)
    if not holds_data(artifact):
        raise RecipeError(f"{artifact.name} holds no documents; name the recipe, or its clean or deduplicate")
    if (Path(target) / MANIFEST).is_file():
        return upstream(artifact, [])
    known = [a for a in load_record(target.rpartition("/")[0], root).values() if holds_data(a)]
    found = upstream(artifact, known)
    while len(after := [a for a in known if found[-1].identity in _inputs(a)]) == 1:
        found.append(after[0])
    return found


def undescribed(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Final documents without a card: those that a stage after `clean` selected and no other stage selects from."""
    known = [a for a in artifacts if holds_data(a)]
    needed = {identity for a in known for identity in _inputs(a)}
    chosen = [a for a in known if a.identity not in needed and a.path("dropped").is_dir() and a.stage != "clean"]
    return [a for a in chosen if not (a.path(CARD).is_file() and a.path(CROISSANT).is_file())]


def run_name(target: str, found: list[Artifact]) -> str:
    """What a target's run is called: the recipe, or the folder of an artifact that was named by its place."""
    if (Path(target) / MANIFEST).is_file():
        return found[-1].folder.name
    return Path(target.partition("/")[0] if not target.endswith(".toml") else target).stem


def upstream(artifact: Artifact, known: Iterable[Artifact]) -> list[Artifact]:
    """What an artifact was made from, the first first, itself last.

    Args:
        artifact: It holds documents.
        known: Where inputs are looked for first; otherwise beside the artifact.
    """
    by_identity = {a.identity: a for a in known}
    found = [artifact]
    while True:
        before = [
            by_identity.get(entry["identity"]) or beside(found[0], entry)
            for entry in found[0].manifest["inputs"].values()
        ]
        data = [a for a in before if a is not None and holds_data(a)]
        if not data:
            return found
        found.insert(0, data[0])


def beside(artifact: Artifact, entry: dict[str, str]) -> Artifact | None:
    """An input of an artifact, which lies in the same folder of artifacts, or None when it was deleted."""
    stage = entry["name"].partition(".")[0]
    folders = artifact.folder.absolute().parent.parent.joinpath(stage).glob(f"*-{entry['identity']}")
    found = [folder for folder in sorted(folders) if (folder / MANIFEST).is_file()]
    return Artifact(name=entry["name"], folder=found[0]) if found else None


def _inputs(artifact: Artifact) -> set[str]:
    return {entry["identity"] for entry in artifact.manifest["inputs"].values()}
