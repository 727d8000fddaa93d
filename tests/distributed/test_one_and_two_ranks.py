"""Two ranks see the rows of one, step by step, and make the same losses."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[1] / "training" / "tiny_run.py"
TINY = runpy.run_path(str(SCRIPT))
RANKS = runpy.run_path(str(Path(__file__).parents[1] / "compute" / "engines" / "test_data_parallel.py"))

# float64 leaves roundings of 1e-16; 50 updates do not lift them above this.
TOLERANCE = 1e-9


# `test_resharding` has the quick form of the others. A hybrid's micro-batches have two patterns of attention.
@pytest.mark.parametrize(
    "kind",
    [
        "hybrid_lm",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("masked_lm", "causal_lm", *TINY["VARIANTS"])),
    ],
)
def test_two_ranks_are_one(kind, tmp_path):
    _, alone = TINY["run_tiny"](tmp_path / "one", kind, dtype=torch.float64)
    command = [sys.executable, str(SCRIPT), str(tmp_path / "two"), kind, "--double", "--ranks"]
    first, second = RANKS["start_ranks"](command)
    losses = [record["loss"] for record in alone.records]
    assert len(losses) == 50
    assert max(abs(a - b["loss"]) for a, b in zip(losses, first["records"], strict=True)) < TOLERANCE
    measured = [r["validation_loss"] for r in alone.records if "validation_loss" in r]
    others = [r["validation_loss"] for r in first["records"] if "validation_loss" in r]
    assert max(abs(a - b) for a, b in zip(measured, others, strict=True)) < TOLERANCE
    assert first["digest"] == second["digest"]  # both ranks end with the same weights, bit for bit

    made = loader_keys()
    together = [sorted(a + b) for a, b in zip(first["keys"], second["keys"], strict=True)]
    assert together == made
    assert all(a and b for a, b in zip(first["keys"], second["keys"], strict=True))  # both had work

    # A run that two ranks began is continued by one.
    shutil.rmtree(tmp_path / "two/scratch/checkpoints/step-000000050")
    _, continued = TINY["run_tiny"](tmp_path / "two", kind, dtype=torch.float64)
    assert max(abs(a - b["loss"]) for a, b in zip(losses, continued.records, strict=True)) < TOLERANCE


def loader_keys():
    """(epoch, row) of every step of the run, as one rank reads them."""
    loader = TINY["Loader"](
        TINY["make_rows"](), seed=3, rows_per_step=8, num_positions=400, micro_tokens=4 * TINY["ROW_TOKENS"]
    )
    return [sorted(list(key) for micro in loader.micro_batches(step) for key in micro.draws.keys) for step in range(50)]
