"""The script that `launch` writes, started for real: two ranks raise a model, are stopped, and go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from firstwords.inference.language_model import LanguageModel

SOURCE = Path(__file__).parents[2] / "src"
RECIPE = """
name = "pair"
[collect]
sources = [{ kind = "text_files", path = "books/*.txt" }]
[clean]
steps = []
[pretrain.causal]
tokens = 307_200
model = { depth = 1, width = 64, num_heads = 2, context = 64 }
objective = { kind = "causal_lm" }
training = { batch_tokens = 2048, num_evaluations = 2, num_samples = 1, keep_every_steps = 100 }
engine = "fsdp"
"""
WORDS = ("the", "of", "and", "to", "in", "is", "it", "that", "was", "for", "on", "are", "as", "with", "his", "they")


def steps(folder):
    """How far the run has come."""
    journals = list(folder.glob("artifacts/pretrain/*/scratch/checkpoints/history.jsonl"))
    return journals[0].read_text().count("\n") if journals else 0


@pytest.mark.slow
def test_two_ranks_raise_a_model_are_stopped_and_go_on(tmp_path):
    draws = random.Random(1)
    (tmp_path / "books").mkdir()
    for number in range(30):
        paragraphs = [" ".join(draws.choices(WORDS, k=120)) + "." for _ in range(5)]
        (tmp_path / "books" / f"{number}.txt").write_text("\n\n".join(paragraphs))
    (tmp_path / "r.toml").write_text(RECIPE)
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    options = {"cwd": tmp_path, "env": environment, "text": True}
    write = [sys.executable, "-m", "firstwords", "launch", "r.toml", "--processes", "2"]
    script = subprocess.run(write, **options, check=True, capture_output=True).stdout.strip()
    assert script == "pair.torchrun.sh"

    running = subprocess.Popen(["bash", script], **options, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 240
    while steps(tmp_path) < 20 and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    running.send_signal(signal.SIGTERM)
    errors = running.communicate(timeout=200)[1]
    assert running.returncode == 75, errors[-3000:]
    assert "the same command continues" in errors
    (saved,) = tmp_path.glob("artifacts/pretrain/*/scratch/checkpoints/step-*")

    ended = subprocess.run(["bash", script], **options, check=False, capture_output=True, timeout=400)
    assert ended.returncode == 0, ended.stderr[-3000:]
    (manifest,) = tmp_path.glob("artifacts/pretrain/*/manifest.json")
    assert json.loads(manifest.read_text())["machine"]["ranks"] == 2
    curve = pq.read_table(manifest.with_name("curve.parquet"))
    assert curve["step"].to_pylist() == list(range(1, 151))  # none lost, none made twice
    assert curve["loss"][-1].as_py() < 0.8 * curve["loss"][0].as_py()
    assert 20 <= int(saved.name.removeprefix("step-")) < 150
    kept = LanguageModel.load(manifest.parent / "steps" / "step-000000100")
    assert kept.generate("the", max_tokens=5) is not None
