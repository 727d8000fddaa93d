"""Real checkpoints, damaged: noticed every time, and the run that goes on from the one before makes the same bytes."""

import json
import random
import runpy
import shutil
from pathlib import Path

import pytest

from firstwords.training.checkpoint import CheckpointStore

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_run.py"))
SETTINGS = {"tokens": 12 * 8 * TINY["ROW_TOKENS"]}


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run of 12 steps that died after 11, with checkpoints of steps 4 and 8; the digest it should have ended with."""
    folder = tmp_path_factory.mktemp("damage")
    model, _ = TINY["run_tiny"](folder / "whole", **SETTINGS)
    with pytest.raises(RuntimeError):
        deadly = TINY["DieAfter"](step=11, how="raise")
        TINY["run_tiny"](folder / "stopped", trackers=(deadly,), checkpoint_steps=4, **SETTINGS)
    return folder / "stopped", TINY["digest"](model)


def mutate(folder, draws):
    """A bit, a cut, a file that is gone, two files that changed places, or an older file under a newer name."""
    files = sorted(folder.iterdir())
    file, other = draws.sample(files, 2)
    content = bytearray(file.read_bytes())
    match draws.randrange(5):
        case 0:
            content[draws.randrange(len(content))] ^= 1 << draws.randrange(8)
            file.write_bytes(content)
        case 1:
            file.write_bytes(content[: draws.randrange(len(content))])
        case 2:
            file.unlink()
        case 3:
            file.write_bytes(other.read_bytes())
            other.write_bytes(content)
        case 4:
            shutil.copyfile(folder.with_name("step-000000004") / file.name, file)


def damaged(stopped, folder, seed):
    shutil.copytree(stopped, folder)
    mutate(folder / "scratch/checkpoints/step-000000008", random.Random(seed))
    return folder


@pytest.mark.parametrize("number", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_every_damage_is_noticed_and_the_one_before_used(stopped, tmp_path, number):
    folder, _ = stopped
    checkpoints = folder / "scratch" / "checkpoints"
    assert CheckpointStore(checkpoints, {}, print).steps() == [8, 4]
    expected = json.loads((checkpoints / "step-000000008" / "state.json").read_text())["fingerprint"]
    for seed in range(number):
        place = damaged(folder, tmp_path / str(seed), seed)
        notes = []
        state = CheckpointStore(place / "scratch" / "checkpoints", expected, notes.append).newest()
        assert state is not None, seed
        assert state["step"] == 4, seed
        assert len(notes) == 1
        shutil.rmtree(place)


@pytest.mark.parametrize("seed", [0, 3, 7])
def test_a_run_goes_on_from_the_one_before_with_the_same_bytes(stopped, tmp_path, seed):
    folder, expected = stopped
    console = TINY["Silent"]()
    model, history = TINY["run_tiny"](damaged(folder, tmp_path / "run", seed), console=console, **SETTINGS)
    assert TINY["digest"](model) == expected
    assert len(history.records) == 12
    assert any("set aside" in note for note in console.notes)


def test_writing_beside_training_changes_no_byte(stopped, tmp_path):
    _, expected = stopped
    model, _ = TINY["run_tiny"](tmp_path, checkpoint_steps=1, checkpoint_in_background=False, **SETTINGS)
    assert TINY["digest"](model) == expected


def test_models_are_kept_at_fixed_steps(tmp_path):
    seen = []
    objective = TINY["make_objective"]("causal_lm")
    model = TINY["make_model"](objective)
    TINY["train"](
        model=model,
        objective=objective,
        rows=TINY["make_rows"](),
        settings=TINY["TrainSettings"](**(TINY["SETTINGS"] | SETTINGS | {"keep_every_steps": 5})),
        work=TINY["make_work"](tmp_path),
        keep=lambda model, step: seen.append((step, model.head.lm_head.weight.sum().item())),
        trackers=(),
    )
    assert [step for step, _ in seen] == [5, 10]
    assert seen[0][1] != seen[1][1]
