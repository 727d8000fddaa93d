"""Every damage is noticed, the one before is used, and the history is cut back to it."""

import json
import os
import random
import shutil

import pytest

from firstwords.training.checkpoint import CheckpointStore, Journal

FINGERPRINT = {"rows": 40}


def write(folder):
    (folder / "model.safetensors").write_bytes(bytes(range(200)))
    (folder / "optimizer.safetensors").write_bytes(bytes(reversed(range(200))))


@pytest.fixture
def notes():
    return []


@pytest.fixture
def store(tmp_path, notes):
    """Two checkpoints, at steps 10 and 20, with a history of 25 steps."""
    made = CheckpointStore(tmp_path / "checkpoints", FINGERPRINT, notes.append)
    journal = Journal(made.history)
    for step in range(1, 26):
        journal.append({"step": step, "loss": 1 / step})
        if step % 10 == 0:
            made.save(step, {"tokens": 100 * step, "history": journal.position()}, write)
    journal.close()
    return made


def test_the_newest_is_used(store, notes):
    assert store.newest()["tokens"] == 2000
    assert notes == []


@pytest.mark.parametrize(("num_kept", "steps"), [(1, [30]), (2, [30, 20]), (5, [30, 20, 10])])
def test_the_newest_ones_are_kept(store, num_kept, steps):
    store.num_kept = num_kept
    store.save(30, {"tokens": 3, "history": {"bytes": 0, "sha256": ""}}, write)
    assert store.steps() == steps


def test_nothing_appears_when_writing_fails(store):
    def fail(folder):
        write(folder)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        store.save(30, {"tokens": 3, "history": {}}, fail)
    assert store.steps() == [20, 10]
    assert store.newest()["step"] == 20


def mutate(folder, generator):
    """One random change of one file: a bit, the length, the file itself."""
    file = generator.choice(sorted(folder.iterdir()))
    content = bytearray(file.read_bytes())
    match generator.randrange(5):
        case 0:
            content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        case 1:
            del content[generator.randrange(len(content)) :]
        case 2:
            content += b"\0"
        case 3:
            file.unlink()
            return
        case 4:
            content[:] = b"[" * 100_000
    file.write_bytes(content)


def test_two_hundred_random_damages_are_all_noticed(store, tmp_path):
    pristine = tmp_path / "pristine"
    shutil.copytree(store.folder, pristine)
    for seed in range(200):
        notes = []
        shutil.rmtree(store.folder)
        shutil.copytree(pristine, store.folder)
        mutate(store.place(20), random.Random(seed))
        assert CheckpointStore(store.folder, FINGERPRINT, notes.append).newest()["step"] == 10, seed
        assert len(notes) == 1
        assert (store.folder / "damaged-step-000000020-1").is_dir()


def test_a_valid_file_that_was_swapped_for_another_is_noticed(store):
    for name in ("state.json", "model.safetensors"):
        old = store.place(10) / name
        if name == "model.safetensors":
            old.write_bytes(b"other")
        shutil.copy(old, store.place(20) / name)
        with pytest.raises(ValueError, match="was changed"):
            store.read(20)


def test_an_extra_file_is_noticed(store):
    (store.place(20) / "extra.safetensors").write_bytes(b"")
    assert store.newest()["step"] == 10


def test_a_damaged_history_sets_back_to_before_the_damage(store, notes):
    content = bytearray(store.history.read_bytes())
    line = content.index(b'"step": 15')
    content[line + 2] ^= 1
    store.history.write_bytes(content)
    assert store.newest()["step"] == 10
    assert "history.jsonl" in notes[0]


def test_when_all_are_damaged_it_starts_anew_and_keeps_them(store, notes):
    for step in (10, 20):
        (store.place(step) / "model.safetensors").write_bytes(b"")
    assert store.newest() is None
    assert len(notes) == 2
    assert len(list(store.folder.glob("damaged-*"))) == 2


def test_a_checkpoint_of_something_else_is_not_used(store, notes):
    assert CheckpointStore(store.folder, {"rows": 41}, notes.append).newest() is None
    assert "belongs to another" in notes[0]


def test_what_a_killed_writer_left_is_cleared(store):
    left = store.folder / ".partial-1-abc-step-000000030"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    assert store.newest()["step"] == 20
    assert not left.exists()


def test_the_history_is_cut_back_and_goes_on(store):
    state = store.newest()
    journal = Journal(store.history, state["history"])
    assert [record["step"] for record in journal.records] == list(range(1, 21))
    journal.append({"step": 21, "loss": 0.5})
    position = journal.position()
    journal.sync()
    journal.close()
    lines = [json.loads(line) for line in store.history.read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 22))
    again = Journal(store.history, position)
    assert again.records == lines


def test_floats_come_back_exactly(tmp_path):
    values = [random.Random(seed).random() for seed in range(100)]
    journal = Journal(tmp_path / "history.jsonl")
    for value in values:
        journal.append({"loss": value})
    assert [r["loss"] for r in Journal(tmp_path / "history.jsonl", journal.position()).records] == values


def test_in_memory_it_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal(None)
    journal.append({"step": 1})
    assert journal.records == [{"step": 1}]
    journal.close()
    assert os.listdir(tmp_path) == []
