"""The losses of a tiny seeded run are what they were: a change that should not alter results does not.

After a change that should alter them: `python tests/golden/test_losses.py` writes the new ones; say so in the commit.
"""

import json
import runpy
import tempfile
from pathlib import Path

import pytest
import torch

STORED = Path(__file__).parent / "losses.json"
TINY = runpy.run_path(str(Path(__file__).parents[1] / "training" / "tiny_run.py"))
KINDS = ["causal_lm", "masked_lm", "hybrid_lm"]


def losses(kind, folder):
    _, history = TINY["run_tiny"](folder, kind, dtype=torch.float64, tokens=20 * 8 * TINY["ROW_TOKENS"])
    return {
        name: [r[name] for r in history.records if name in r]
        for name in ("loss", "validation_loss", "masked_validation_loss")
        if history.latest(name) is not None
    }


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_the_stored_ones(kind, tmp_path):
    stored = json.loads(STORED.read_text())[kind]
    # float64: other libraries or instruction sets round differently at 1e-16, which 20 steps do not lift above 1e-9.
    for name, found in losses(kind, tmp_path).items():
        assert found == pytest.approx(stored[name], rel=1e-9), name


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = {kind: losses(kind, Path(scratch) / kind) for kind in KINDS}
    STORED.write_text(json.dumps(found, indent=1) + "\n")
