"""One run on 1, then 2, then 4, then 1 ranks is one run: the same rows, the same losses, whatever holds the weights."""

import runpy
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent
SCRIPT = HERE / "phase.py"
PHASE = runpy.run_path(str(SCRIPT))
RANKS = runpy.run_path(str(HERE.parent / "compute" / "engines" / "test_data_parallel.py"))
# Ranks, and the step at which they stop.
QUICK = ((1, 12), (2, 31))
WHOLE = ((1, 12), (2, 25), (4, 37))

# float64 leaves roundings of 1e-16; 50 updates do not lift them above this.
TOLERANCE = 1e-9
# float32, before updates have had the time to spread a rounding.
FIRST_STEP_TOLERANCE = 1e-5


def together(ranks, name):
    """The keys of each step, from all ranks."""
    steps = zip(*(rank[name]["keys"] for rank in ranks), strict=True)
    return [sorted(tuple(key) for part in parts for key in part) for parts in steps]


@pytest.fixture(scope="module", params=[QUICK, pytest.param(WHOLE, marks=pytest.mark.slow)], ids=["121", "1241"])
def runs(request, tmp_path_factory):
    """The uninterrupted runs on one rank; the phases of those that moved, a list of ranks each; when they moved."""
    folder = tmp_path_factory.mktemp("resharding")
    expected = PHASE["run_phase"](folder / "still", None, alone=True)
    phases = [[PHASE["run_phase"](folder / "moved", request.param[0][1], alone=True)]]
    for num_ranks, until in request.param[1:]:
        phases.append(RANKS["start_ranks"]([sys.executable, str(SCRIPT), str(folder / "moved"), str(until)], num_ranks))
    phases.append([PHASE["run_phase"](folder / "moved", None, alone=True)])
    return expected, phases, [until for _, until in request.param]


@pytest.mark.parametrize("name", PHASE["CASES"])
def test_every_step_has_the_same_rows(runs, name):
    expected, phases, changes = runs
    moved = [keys for ranks in phases for keys in together(ranks, name)]
    assert moved == together([expected], name)
    assert len(moved) == 50
    assert [len(together(ranks, name)) for ranks in phases] == [b - a for a, b in pairwise([0, *changes, 50])]


@pytest.mark.parametrize("name", PHASE["CASES"])
def test_the_losses_agree(runs, name):
    expected, phases, changes = runs
    is_double = PHASE["CASES"][name][1] == torch.float64
    pairs = list(zip(expected[name]["records"], phases[-1][0][name]["records"], strict=True))
    apart = [abs(a["loss"] - b["loss"]) for a, b in pairs]
    norms = [abs(a["gradient_norm"] / b["gradient_norm"] - 1) for a, b in pairs]
    measured = [abs(a["validation_loss"] - b["validation_loss"]) for a, b in pairs if "validation_loss" in a]
    print(f"{name}: losses {max(apart):.1e}, norms {max(norms):.1e}, validation {max(measured):.1e}")
    assert len(apart) == 50
    if is_double:
        assert max(apart) < TOLERANCE
        assert max(measured) < TOLERANCE
        assert max(norms) < TOLERANCE
    else:
        assert max(apart[: changes[0]]) == 0
        assert apart[changes[0]] < FIRST_STEP_TOLERANCE
        assert max(apart) < 1e-5  # and after 38 more updates (4.5e-8 was seen)


def test_samples_are_made_on_the_first_rank_of_many(runs):
    expected, phases, _ = runs
    ours, theirs = (each["masked"]["samples"] for each in (expected, phases[-1][0]))
    assert [s["step"] for s in ours] == [s["step"] for s in theirs] == [12, 25, 38, 50]
    assert all(abs(a["sum"] - b["sum"]) < 1e-9 for a, b in zip(ours, theirs, strict=True))
