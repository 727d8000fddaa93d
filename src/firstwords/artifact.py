"""Artifacts: folders named by what made them, done when their manifest exists.

Layout of one artifact::

    artifacts/<stage>/<name>-<10 hex>/
        config.json      the stage's configuration, every default written out
        done/            a receipt for every finished unit of work (rows in and out, files, digests)
        events.jsonl     what happened when (times live here only)
        scratch/         unfinished state such as training checkpoints; removed at commit
        ...              the payload
        manifest.json    written last: identity, inputs, digests of the payload, versions, machine

A file appears under its final name only when it is complete (`atomic_write`), so a folder that was left by a killed
process holds whole files or none.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from firstwords.errors import IntegrityError

MANIFEST = "manifest.json"
CARD, CROISSANT = "README.md", "croissant.json"
"""Descriptions of an artifact, made from its manifest and payload; they may be written again at any time."""
MODEL_CARD = "model/README.md"
"""The same for a model, where Hugging Face looks for it."""
NOT_PAYLOAD = frozenset({"config.json", MANIFEST, "events.jsonl", "done", "scratch", CARD, CROISSANT})
TEMPORARY = ".partial-"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file (or folder) so that it is there completely or not at all.

    Yields a temporary path beside `path`; at the end of the block it is synced to the disk and renamed. When the block
    raises, the temporary file is removed and whatever was at `path` before stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process id keeps two workers apart; the suffix stays last because libraries choose formats by it.
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        yield temporary
        if temporary.is_dir():
            for each in sorted(temporary.rglob("*")):
                _sync(each)
        _sync(temporary)
        if path.is_dir():
            remove_tree(path)
        os.replace(temporary, path)
    except BaseException:
        if temporary.is_dir():
            remove_tree(temporary)
        else:
            temporary.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def remove_tree(folder: Path) -> None:
    """Delete a folder and all in it, or a file; nothing happens when it is absent."""
    import shutil

    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically, keys in the order given, so that equal values give equal bytes."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_hash(value: Any) -> str:
    """SHA-256 of a JSON value, the same whatever the order of its keys, in hex."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def payload_files(folder: Path) -> list[Path]:
    """The payload of an artifact folder: paths relative to it, sorted."""
    found = []
    for top in sorted(folder.iterdir()) if folder.is_dir() else []:
        if top.name in NOT_PAYLOAD or top.name.startswith("."):
            continue
        members = [top] if top.is_file() else [p for p in top.rglob("*") if p.is_file()]
        found += [p.relative_to(folder) for p in members if not p.name.startswith(TEMPORARY)]
    return sorted((p for p in found if p.as_posix() != MODEL_CARD), key=lambda p: p.as_posix())


@dataclass(frozen=True)
class Artifact:
    """A finished artifact."""

    name: str
    """Full stage name, for example `pretrain.causal`."""
    folder: Path

    @property
    def stage(self) -> str:
        """The stage's name without the part after the dot."""
        return self.name.partition(".")[0]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What `commit` wrote."""
        return json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))

    @property
    def identity(self) -> str:
        """The first 10 hex digits of the hash of everything that made it."""
        return self.manifest["identity"]

    @property
    def digest(self) -> str:
        """Hash over the payload files only: equal digests mean equal results."""
        return self.manifest["digest"]

    def path(self, *parts: str) -> Path:
        """A place inside the artifact."""
        return self.folder.joinpath(*parts)

    def verify(self) -> None:
        """Compare every payload file with the manifest.

        Raises:
            IntegrityError: Naming the first file that is missing, changed or not in the manifest.
        """
        recorded: Mapping[str, Any] = self.manifest["files"]
        for relative, entry in recorded.items():
            place = self.folder / relative
            if not place.is_file() or place.stat().st_size != entry["size"] or sha256_file(place) != entry["sha256"]:
                raise IntegrityError(f"{place} does not match its manifest; delete {self.folder} to make it again")
        extra = [p.as_posix() for p in payload_files(self.folder) if p.as_posix() not in recorded]
        if extra:
            raise IntegrityError(f"{self.folder / extra[0]} is not in the manifest")


def finished(folder: Path) -> bool:
    """Whether a folder holds a finished artifact whose files are all there with their recorded sizes."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return False
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    for relative, entry in files.items():
        place = folder / relative
        if not place.is_file() or place.stat().st_size != entry["size"]:
            raise IntegrityError(f"{place} is missing or was changed; delete {folder} to make it again")
    return True


def digest_payload(folder: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Sizes and SHA-256 of all payload files, and the digest over them."""
    files = {
        relative.as_posix(): {"size": (folder / relative).stat().st_size, "sha256": sha256_file(folder / relative)}
        for relative in payload_files(folder)
    }
    return files, canonical_hash({name: entry["sha256"] for name, entry in files.items()})


def clear_partial(folder: Path) -> None:
    """Remove temporary files that a killed process left."""
    for left in folder.rglob(f"{TEMPORARY}*") if folder.is_dir() else []:
        remove_tree(left)
