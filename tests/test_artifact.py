import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.artifact import (
    MANIFEST,
    Artifact,
    atomic_write,
    canonical_hash,
    clear_partial,
    digest_payload,
    finished,
    payload_files,
    write_json,
)
from firstwords.errors import IntegrityError


def test_a_failed_write_leaves_what_was_there(tmp_path) -> None:
    place = tmp_path / "a.txt"
    place.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(place) as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert place.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_can_be_written_atomically_and_replaces_the_old_one(tmp_path) -> None:
    for content in ("one", "two"):
        with atomic_write(tmp_path / "model") as temporary:
            temporary.mkdir()
            (temporary / "w").write_text(content)
    assert (tmp_path / "model" / "w").read_text() == "two"


def test_a_process_killed_while_writing_leaves_no_file_of_that_name(tmp_path) -> None:
    code = f"""
import os, pathlib
from firstwords.artifact import atomic_write
with atomic_write(pathlib.Path({str(tmp_path)!r}) / "a.txt") as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert not (tmp_path / "a.txt").exists()
    assert payload_files(tmp_path) == []
    assert len(os.listdir(tmp_path)) == 1
    clear_partial(tmp_path)
    assert os.listdir(tmp_path) == []


def make(folder, **files: str) -> Artifact:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    entries, digest = digest_payload(folder)
    write_json(folder / MANIFEST, {"files": entries, "digest": digest, "identity": "0"})
    return Artifact(name="clean", folder=folder)


def test_the_digest_covers_the_payload_only(tmp_path) -> None:
    first = make(tmp_path / "a", documents="text")
    second = make(tmp_path / "b", documents="text")
    (second.folder / "events.jsonl").write_text("{}")
    (second.folder / "done").mkdir()
    (second.folder / "done" / "x.json").write_text("{}")
    (second.folder / "scratch").mkdir()
    (second.folder / "scratch" / "state").write_text("x")
    assert digest_payload(second.folder)[1] == first.digest
    (second.folder / "more").write_text("y")
    assert digest_payload(second.folder)[1] != first.digest


@pytest.mark.parametrize("change", ["flip", "shorten", "delete", "add"])
def test_verify_finds_every_change(tmp_path, change: str) -> None:
    artifact = make(tmp_path / "a", documents="text", tokens="1 2 3")
    artifact.verify()
    place = artifact.path("tokens")
    if change == "flip":
        place.write_text("1 2 4")
    elif change == "shorten":
        place.write_text("1 2")
    elif change == "delete":
        place.unlink()
    else:
        artifact.path("other").write_text("")
    with pytest.raises(IntegrityError):
        artifact.verify()


def test_a_folder_is_finished_when_its_manifest_exists(tmp_path) -> None:
    assert not finished(tmp_path / "a")
    artifact = make(tmp_path / "a", documents="text")
    assert finished(artifact.folder)
    artifact.path("documents").unlink()
    with pytest.raises(IntegrityError, match="missing or was changed"):
        finished(artifact.folder)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=5))
def test_the_canonical_hash_ignores_the_order_of_keys(value: dict[str, object]) -> None:
    assert canonical_hash(value) == canonical_hash(dict(reversed(value.items())))
    assert canonical_hash(value) == canonical_hash(json.loads(json.dumps(value)))
