"""A training run small enough for tests, in this process or as a process of its own that may be killed.

Loaded with `runpy` by the tests, and a script: `python tiny_run.py FOLDER causal_lm --kill-after-step 17`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from firstwords.compute import ranks
from firstwords.compute.engines.data_parallel import DataParallel
from firstwords.find import find
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.training.adversary import against
from firstwords.training.batch import Example
from firstwords.training.checkpoint import CheckpointStore
from firstwords.training.loader import Loader
from firstwords.training.settings import TrainSettings
from firstwords.training.tracker import Tracker
from firstwords.training.train import train

ROW_TOKENS = 32
END, MASK, FIRST_WORD = 1, 2, 3
SETTINGS = {
    "tokens": 50 * 8 * ROW_TOKENS,
    "batch_tokens": 8 * ROW_TOKENS,
    "micro_tokens": 4 * ROW_TOKENS,
    "seed": 3,
}


class Silent:
    """A console that remembers what it was told."""

    def __init__(self):
        self.notes = []

    def progress(self, name, text, share):
        pass

    def note(self, text):
        self.notes.append(text)


@dataclass(frozen=True, kw_only=True)
class DieAfter(Tracker):
    """Ends the run after a step: `kill` as by kill -9, `raise` as by a mistake, `stop` as by a polite signal."""

    step: int
    how: str

    def follow(self, work, num_steps):
        def look(record):
            if record["step"] == self.step:
                if self.how == "raise":
                    raise RuntimeError("as if the process had died")
                os.kill(os.getpid(), signal.SIGKILL if self.how == "kill" else signal.SIGTERM)

        return look


@dataclass(frozen=True, kw_only=True)
class Seen(Tracker):
    """Remembers which steps were made."""

    steps: list

    def follow(self, work, num_steps):
        return lambda record: self.steps.append(record["step"])


def make_rows(num_rows=40, seed=0, vocab_size=64):
    """Packed rows of two documents each, whose words count upwards in threes: something that can be learnt."""
    generator = np.random.default_rng(seed)
    rows = []
    for row in range(num_rows):
        start = generator.integers(vocab_size - FIRST_WORD)
        words = (start + 3 * np.arange(ROW_TOKENS)) % (vocab_size - FIRST_WORD) + FIRST_WORD
        bound = int(generator.integers(2, ROW_TOKENS - 2))
        words[bound - 1] = END
        words = words.astype(np.int32)
        read = np.concatenate([[END], words[:-1]]).astype(np.int32)
        rows.append(Example(read, words, np.array([0, bound, ROW_TOKENS]), row, read % 3 > 0))
    return rows


def make_model(objective, dtype=torch.float32, seed=0):
    """Two layers of 32."""
    config = ModelConfig(
        layout=objective.layouts[0],
        hybrid=objective.is_hybrid,
        infilling_id=61,
        vocab_size=64,
        num_layers=2,
        width=32,
        num_heads=2,
        num_kv_heads=1,
        head_size=16,
        mlp_width=64,
        context=ROW_TOKENS,
        pad_id=0,
        bos_id=END,
        eos_id=END,
        mask_id=MASK,
    )
    return Model(config, objective.head(config, None), seed=seed).to(dtype)


def make_work(folder, console=None):
    return Work(name="pretrain.tiny", folder=Path(folder), inputs={}, pool=None, console=console or Silent())


# Options under which other things are drawn or change while training.
VARIANTS = {
    "infilling": ("causal_lm", {"infilling_rate": 0.7}),
    "spans": ("masked_lm", {"unit": "span", "final_share": 0.15}),
    "freelb": ("causal_lm", {"adversary": "freelb"}),
    "hybrid_words": ("hybrid_lm", {"masked_rows": 0.5, "masked": {"unit": "word", "final_share": 0.15}}),
}


def make_objective(kind):
    kind, options = VARIANTS.get(kind, (kind, {}))
    adversary = {key: options[key] for key in options if key == "adversary"}
    objective = build(find("training.objectives", kind), {k: v for k, v in options.items() if k not in adversary})
    return against(objective, *(find("training.adversaries", name)() for name in adversary.values()))


def run_tiny(
    folder,
    kind="causal_lm",
    *,
    dtype=torch.float32,
    trackers=(),
    engine=None,
    console=None,
    rows=None,
    watched=None,
    threads=1,
    **settings,
):
    """Train; gives the model and the history."""
    torch.set_num_threads(threads)
    objective = make_objective(kind)
    model = make_model(objective, dtype)
    history = train(
        model=model,
        objective=objective,
        rows=rows or make_rows(),
        validation=make_rows(6, seed=9),
        bytes_per_token=3.0,
        watched=watched,
        settings=TrainSettings(**(SETTINGS | settings)),
        work=make_work(folder, console),
        sample=lambda model, step: [{"text": f"after {step}", "sum": float(model.head.lm_head.weight.sum())}],
        trackers=trackers,
        engine=engine,
    )
    return model, history


def digest(model):
    """SHA-256 of all weights."""
    content = hashlib.sha256()
    for name, parameter in model.named_parameters():
        content.update(name.encode() + parameter.detach().numpy().tobytes())
    return content.hexdigest()


def _kill_while_saving(step):
    save = CheckpointStore.save

    def deadly(self, now, state, write):
        def write_half(folder):
            write(folder)
            (folder / "optimizer.safetensors").write_bytes(b"half")
            os.kill(os.getpid(), signal.SIGKILL)

        save(self, now, state, write_half if now == step else write)

    CheckpointStore.save = deadly


def _record_keys(seen):
    micro_batches = Loader.micro_batches

    def recording(self, step):
        batches = micro_batches(self, step)
        seen.append(sorted(key for micro in batches if not micro.is_idle for key in micro.draws.keys))
        return batches

    Loader.micro_batches = recording


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind")
    parser.add_argument("--double", action="store_true")
    parser.add_argument("--ranks", action="store_true", help="join the other ranks named in the environment")
    parser.add_argument("--kill-after-step", type=int, help="no checkpoint is due there")
    parser.add_argument("--kill-while-saving", type=int)
    parser.add_argument("--checkpoint-steps", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.kill_while_saving:
        _kill_while_saving(chosen.kill_while_saving)
    seen = []
    _record_keys(seen)
    deadly = (DieAfter(step=chosen.kill_after_step, how="kill"),) if chosen.kill_after_step else ()
    model, history = run_tiny(
        chosen.folder,
        chosen.kind,
        dtype=torch.float64 if chosen.double else torch.float32,
        trackers=deadly,
        engine=DataParallel(device="cpu") if chosen.ranks else None,
        checkpoint_steps=chosen.checkpoint_steps,
        threads=chosen.threads,
    )
    result = {"records": history.records, "samples": history.samples, "digest": digest(model), "keys": seen}
    print(json.dumps(result), flush=True)
    ranks.end(0)


if __name__ == "__main__":
    main()
