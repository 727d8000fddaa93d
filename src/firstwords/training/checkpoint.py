"""Checkpoints that are whole or absent, and are believed only after their digests verify.

Layout of the folder::

    history.jsonl           one line a step, appended; a checkpoint records how far it reached and its digest
    step-000000120/
        model.safetensors  optimizer.safetensors     (written by the engine)
        state.json          step, tokens, length and digest of the history, digests of the files, its own digest
    damaged-step-000000240-1/    set aside, never read again

Safetensors and JSON only: nothing that is read can run code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firstwords.artifact import atomic_write, canonical_hash, clear_partial, remove_tree, sha256_file

STATE = "state.json"
HISTORY = "history.jsonl"


class Journal:
    """An append-only list of records, kept in a file of JSON lines that can be cut back to a recorded position.

    Args:
        path: The file; made when absent. None keeps the records in memory only.
        position: What `position` gave earlier; everything after it is removed. None starts anew.
    """

    def __init__(self, path: Path | None, position: dict[str, Any] | None = None) -> None:
        content = b""
        if path is not None and position is not None:
            content = path.read_bytes()[: position["bytes"]]
        self.records: list[dict[str, Any]] = [json.loads(line) for line in content.splitlines()]
        self._hash = hashlib.sha256(content)
        self._num_bytes = len(content)
        self._file = None
        if path is not None:
            self._file = path.open("ab")
            self._file.truncate(self._num_bytes)

    def append(self, record: dict[str, Any]) -> None:
        """Add a record. It is handed to the operating system at once, to the disk by `sync`."""
        self.records.append(record)
        if self._file is not None:
            line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
            self._file.write(line)
            self._file.flush()
            self._hash.update(line)
            self._num_bytes += len(line)

    def position(self) -> dict[str, Any]:
        """How far the file reaches, with the digest of everything before."""
        return {"bytes": self._num_bytes, "sha256": self._hash.hexdigest()}

    def sync(self) -> None:
        """Return when everything appended so far is on the disk; another thread may call it."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def reaches(path: Path, position: dict[str, Any]) -> bool:
    """Whether a journal still begins with what it held at a recorded position."""
    if not path.is_file():
        return position["bytes"] == 0
    with path.open("rb") as file:
        content = file.read(position["bytes"])
    return len(content) == position["bytes"] and hashlib.sha256(content).hexdigest() == position["sha256"]


class CheckpointStore:
    """The checkpoints of one run.

    Args:
        folder: Where they lie.
        fingerprint: Describes what is trained on what; a checkpoint of something else is not used.
        note: Called with a sentence when a damaged checkpoint is set aside.
        num_kept: So many of the newest stay.
    """

    def __init__(
        self, folder: Path, fingerprint: dict[str, Any], note: Callable[[str], None], num_kept: int = 2
    ) -> None:
        self.folder = folder
        self.num_kept = num_kept
        self.fingerprint = fingerprint
        self.note = note
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def history(self) -> Path:
        """The journal's file."""
        return self.folder / HISTORY

    def place(self, step: int) -> Path:
        """The folder of a step's checkpoint."""
        return self.folder / f"step-{step:09d}"

    def steps(self) -> list[int]:
        """Steps with a checkpoint, good or not, the newest first."""
        numbers = (p.name.removeprefix("step-") for p in self.folder.glob("step-*"))
        return sorted((int(number) for number in numbers if number.isdigit()), reverse=True)

    def save(self, step: int, state: dict[str, Any], write: Callable[[Path], None]) -> None:
        """Write a checkpoint and delete all but the newest ones.

        Args:
            step: Updates done.
            state: JSON values to get back from `newest`.
            write: Puts the tensors' files into the folder it is given.
        """
        with atomic_write(self.place(step)) as temporary:
            temporary.mkdir()
            write(temporary)
            files = {p.name: {"size": p.stat().st_size, "sha256": sha256_file(p)} for p in sorted(temporary.iterdir())}
            content = {"step": step, "fingerprint": self.fingerprint, "files": files} | state
            content |= {"digest": canonical_hash(content)}
            (temporary / STATE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        for old in self.steps()[self.num_kept :]:
            remove_tree(self.place(old))

    def newest(self) -> dict[str, Any] | None:
        """The state of the newest checkpoint that is whole; those that are not are set aside with a note."""
        clear_partial(self.folder)
        for step in self.steps():
            try:
                return self.read(step)
            except (ValueError, OSError) as problem:
                self._set_aside(step, str(problem))
        return None

    def read(self, step: int) -> dict[str, Any]:
        """The state of a step's checkpoint, all of whose files were compared with their digests.

        Raises:
            ValueError: If anything is missing or changed; the message says what.
            OSError: If a file cannot be read.
        """
        place = self.place(step)
        try:
            content = json.loads((place / STATE).read_text(encoding="utf-8"))
            digest = content.pop("digest")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{STATE} cannot be read ({type(error).__name__})") from error
        if canonical_hash(content) != digest or content["step"] != step:
            raise ValueError(f"{STATE} was changed")
        present = {p.name for p in place.iterdir()} - {STATE}
        if present != set(content["files"]):
            raise ValueError(f"its files are {sorted(present)}, not {sorted(content['files'])}")
        for name, entry in content["files"].items():
            if (place / name).stat().st_size != entry["size"] or sha256_file(place / name) != entry["sha256"]:
                raise ValueError(f"{name} was changed")
        if content["fingerprint"] != self.fingerprint:
            raise ValueError("it belongs to another model, data set or setting")
        if not reaches(self.history, content["history"]):
            raise ValueError(f"{HISTORY} was changed before this step")
        return content

    def _set_aside(self, step: int, problem: str) -> None:
        number = 1
        while (target := self.folder / f"damaged-step-{step:09d}-{number}").exists():
            number += 1
        os.replace(self.place(step), target)
        self.note(f"checkpoint of step {step:,} set aside: {problem}; using an earlier one ({target})")
