"""From typing the command to the first training step, data and configuration already made."""

import json
import lzma
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, run_recipe

RECIPE = """
name = "start"
[collect]
sources = [{{ kind = "text_files", path = "{source}" }}]
[train_tokenizer]
tokenizer = {{ kind = "byte_bpe", vocab_size = 512 }}
[pretrain]
objective = "causal_lm"
tokens = "{tokens}"
model = {{ depth = {depth} }}
training = {{ matrix_optimizer = "muon" }}
"""


# The quickstart's size and length, and one whose first step alone takes two seconds.
SIZES = {"start-up": (2, "2M"), "start-up-4-layers": (4, "20M")}


def startup(setting: Setting) -> list[Judged]:
    """Seconds of whole processes until `events.jsonl` holds the first step, which has then ended."""
    source = setting.work / "text"
    source.mkdir(parents=True)
    text = lzma.decompress((setting.data / "lm-tinyshakespeare/input.txt.xz").read_bytes())
    for number in range(40):  # many, so that the training part is never empty: a document's part is drawn by its place
        (source / f"{number}.txt").write_bytes(text[10_000 * number : 10_000 * (number + 1)])
    judged = []
    for name, (depth, tokens) in SIZES.items():
        recipe = setting.work / f"{name}.toml"
        recipe.write_text(RECIPE.format(source=source, depth=depth, tokens=tokens), encoding="utf-8")
        run_recipe(recipe, setting.work, until="configure")
        seconds = [_first_step(recipe, setting.work) for _ in range(3 if setting.quick else 7)]
        note = f"median of {', '.join(f'{each:.2f}' for each in seconds)} s"
        judged.append(Judged(name=name, figure=median(seconds), unit="s", bar=4.0, at_least=False, note=note))
    return judged


def _first_step(recipe: Path, folder: Path) -> float:
    """Start, wait for the first step, stop; what was trained is thrown away."""
    for each in folder.rglob("events.jsonl"):
        each.unlink()
    command = [sys.executable, "-m", "firstwords", "run", str(recipe), "--artifacts", str(folder / "artifacts")]
    begin = time.monotonic()
    with (folder / "start.txt").open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}
        )
        try:
            while not _has_step(folder):
                if process.poll() is not None or time.monotonic() - begin > 120:
                    raise RuntimeError((folder / "start.txt").read_text()[-2000:])
                time.sleep(0.01)
            return time.monotonic() - begin
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def _has_step(folder: Path) -> bool:
    for place in folder.rglob("events.jsonl"):
        for line in place.read_text(encoding="utf-8").splitlines():
            if "loss" in line and "step" in json.loads(line):
                return True
    return False
