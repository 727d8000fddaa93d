"""A run that is killed at any moment and started again makes the same bytes as one that was left alone."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from shrunk_quickstart import STAGES, digests, finish, start

WAIT_SECONDS = 120


def is_under_way(root: Path, stage: str) -> bool:
    """Whether an artifact of a stage has been begun and not finished."""
    return any(not (p.parent / "manifest.json").exists() for p in (root / stage).glob("*/events.jsonl"))


def kill_in(root: Path, stage: str, delay: float) -> bool:
    """Start a run, kill it `delay` seconds after a stage began; whether it was still in that stage."""
    process = start(root)
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_under_way(root, stage) and process.poll() is None:
        assert time.monotonic() < deadline, f"{stage} did not begin"
        time.sleep(0.002)
    time.sleep(delay)
    hit = is_under_way(root, stage)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return hit


def keep_measurements(whole: Path, root: Path) -> None:
    """Give another run the same measurements of this machine: what follows depends on them."""
    shutil.copytree(whole / "configure", root / "configure")


@pytest.mark.xdist_group("end_to_end")
def test_killed_once_in_each_stage(whole_run: Path, tmp_path: Path) -> None:
    root = tmp_path / "artifacts"
    keep_measurements(whole_run, root)
    chance = random.Random(7)
    stages = [stage for stage in STAGES if stage != "configure"]
    hits = [stage for stage in stages if kill_in(root, stage, chance.uniform(0.0, 0.3))]
    finish(root)
    assert digests(root) == digests(whole_run)
    # A kill that came after the stage had ended shows nothing; most must land where they are meant to.
    assert len(hits) >= len(stages) - 3, hits


@pytest.mark.xdist_group("end_to_end")
def test_configure_killed_is_made_anew(whole_run: Path, tmp_path: Path) -> None:
    root = tmp_path / "artifacts"
    shutil.copytree(whole_run, root, ignore=shutil.ignore_patterns("configure", "pretrain", "finetune", "evaluate"))
    assert kill_in(root, "configure", 0.2)
    process = start(root)
    deadline = time.monotonic() + WAIT_SECONDS
    while not list((root / "configure").glob("*/manifest.json")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_ten_kills_at_random_moments(whole_run: Path, tmp_path: Path) -> None:
    root = tmp_path / "artifacts"
    keep_measurements(whole_run, root)
    chance = random.Random(11)
    started = time.monotonic()
    finish(tmp_path / "timed")
    whole_seconds = time.monotonic() - started
    kills = 0
    while kills < 10:
        process = start(root)
        try:
            process.wait(chance.uniform(0.5, whole_seconds / 4))
        except Exception:
            process.kill()
            kills += 1
        process.communicate()
        if process.returncode == 0:
            # The end was reached before the tenth kill: take a finished artifact away and go on.
            victim = chance.choice(
                sorted(p.parent for p in root.glob("*/*/manifest.json") if "configure" not in str(p))
            )
            shutil.rmtree(victim)
    finish(root)
    assert digests(root) == digests(whole_run)
