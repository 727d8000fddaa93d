"""Every tracker of the catalogue follows a run from its first step to its last."""

import runpy
from pathlib import Path

import pytest

from firstwords.find import catalogue, find
from firstwords.training.tracker import Tracker

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_run.py"))


@pytest.mark.parametrize("kind", catalogue("training.trackers"))
def test_it_leaves_the_result_alone(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write below the working folder
    made = find("training.trackers", kind)()
    assert isinstance(made, Tracker)
    short = {"tokens": 5 * 256}
    with_it = TINY["run_tiny"](tmp_path / "with", trackers=(made,), **short)
    without = TINY["run_tiny"](tmp_path / "without", **short)
    assert with_it[1] == without[1]
    assert TINY["digest"](with_it[0]) == TINY["digest"](without[0])
