"""A stretch of several tiny runs on the ranks that the environment names; a script for `test_resharding`."""

import json
import runpy
import sys
from pathlib import Path

import torch

from firstwords.compute import ranks
from firstwords.compute.engines.data_parallel import DataParallel
from firstwords.compute.engines.fsdp import Fsdp
from firstwords.compute.engines.single import Single
from firstwords.errors import Interrupted

TINY = runpy.run_path(str(Path(__file__).parents[1] / "training" / "tiny_run.py"))
# Name: objective, precision, engine on several ranks, settings.
CASES = {
    "masked": ("masked_lm", torch.float64, Fsdp, {}),
    "causal": ("causal_lm", torch.float32, Fsdp, {"micro_tokens": 3 * TINY["ROW_TOKENS"]}),
    "adamw": ("causal_lm", torch.float64, Fsdp, {"matrix_optimizer": "adamw", "num_samples": 0}),
    "adversary": ("freelb", torch.float64, DataParallel, {"num_samples": 0}),
    "replicated": ("masked_lm", torch.float64, DataParallel, {"num_samples": 0}),
}


def run_phase(folder, stop_after, *, alone):
    """Continue every case until a step (None: to the end); gives records, keys and the weights' digest of each."""
    found = {}
    seen = []
    TINY["_record_keys"](seen)
    for name, (kind, dtype, engine, settings) in CASES.items():
        seen.clear()
        stop = (TINY["DieAfter"](step=stop_after - 1, how="stop"),) if stop_after else ()
        result = {"records": [], "digest": None}
        try:
            chosen = Single(device="cpu") if alone else engine(device="cpu", activation_checkpointing=name == "masked")
            _, history = TINY["run_tiny"](folder / name, kind, dtype=dtype, engine=chosen, trackers=stop, **settings)
            result = {"records": history.records, "samples": history.samples}
        except Interrupted:
            pass
        found[name] = result | {"keys": list(seen)}
    return found


if __name__ == "__main__":
    after = int(sys.argv[2])
    print(json.dumps(run_phase(Path(sys.argv[1]), after, alone=False)), flush=True)
    ranks.end(0)
