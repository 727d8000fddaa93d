"""The plan against the run: predicted time and peak memory of six trainings beside what each of them then took."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data.inputs import text_pieces, write_pieces
from benchmarks.line import Judged, Setting
from benchmarks.process import Ran, run_recipe

MICRO = 4096


@dataclass(frozen=True, kw_only=True)
class Case:
    """A training; sizes are set by hand, the number of tokens follows from the budget."""

    name: str
    objective: str
    vocab_size: int
    model: str
    batch_tokens: int
    micro_tokens: int = MICRO


CASES = (
    Case(
        name="causal-1M-64",
        objective="causal_lm",
        vocab_size=259,
        model="depth = 4, width = 128, context = 64",
        batch_tokens=2048,
    ),
    Case(
        name="masked-3M-128",
        objective="masked_lm",
        vocab_size=1024,
        model="depth = 5, width = 192, context = 128",
        batch_tokens=4096,
    ),
    Case(
        name="causal-6M-256-accumulated",
        objective="causal_lm",
        vocab_size=4096,
        model="depth = 5, width = 256, context = 256",
        batch_tokens=8192,
        micro_tokens=2048,
    ),
    Case(
        name="llama-3M-512-accumulated",
        objective="causal_lm",
        vocab_size=2048,
        model='depth = 4, width = 192, context = 512, layout = "llama"',
        batch_tokens=8192,
    ),
    Case(
        name="masked-10M-512",
        objective="masked_lm",
        vocab_size=4096,
        model="depth = 6, width = 320, context = 512",
        batch_tokens=4096,
    ),
    Case(
        name="causal-15M-256",
        objective="causal_lm",
        vocab_size=8192,
        model="depth = 6, width = 384, context = 256",
        batch_tokens=2048,
    ),
)

RECIPE = """
[train_tokenizer]
tokenizer = {{ kind = "byte_bpe", vocab_size = {vocab_size} }}

[pretrain]
objective = {{ kind = "{objective}" }}
budget = "{seconds}s"
model = {{ {model} }}
# The held-out part is a large one for so short a run: looked at once.
training = {{ batch_tokens = {batch_tokens}, micro_tokens = {micro_tokens}, num_evaluations = 1 }}
"""


def plan(setting: Setting) -> list[Judged]:
    """Six trainings of about fifty seconds: the ratio of what the plan said to what the run took.

    The measurement of the machine and the run are processes of their own, so that each peak is one of its own.
    """
    pieces = text_pieces(setting.data, 300 if setting.quick else 1500)
    write_pieces(pieces, (0.0,), setting.work / "text", 1)
    judged = []
    for case in CASES:
        predicted, actual, ran = _one(setting, case)
        note = f"foreign load {ran.foreign_cores:.2f} cores; {actual['summary']}"
        for name, unit, far, key in (("time", "s", 0.20, "seconds"), ("memory", "MiB", 0.15, "peak_bytes")):
            scale = 2**20 if key == "peak_bytes" else 1
            said, was = predicted[key] / scale, actual[key] / scale
            print(
                f"  {case.name}: {name} said {said:,.0f} {unit}, was {was:,.0f}", flush=True
            )  # a later error loses nothing
            judged.append(
                Judged(
                    name=f"plan-{name}-{case.name}",
                    figure=abs(said / was - 1),
                    unit="off",
                    bar=far,
                    at_least=False,
                    note=f"said {said:,.0f} {unit}, was {was:,.0f} ({said / was:.2f}x); {note}",
                )
            )
    return judged


def _one(setting: Setting, case: Case) -> tuple[dict[str, float], dict[str, Any], Ran]:
    folder = setting.work / case.name
    source = f'[collect]\nsources = [{{ kind = "jsonl", path = "{setting.work}/text/jsonl", metadata = ["id"] }}]\n'
    text = source + RECIPE.format(**vars(case), seconds=20 if setting.quick else 55)
    recipe = setting.work / f"{case.name}.toml"
    recipe.write_text(f'name = "{case.name}"\n{text}', encoding="utf-8")
    run_recipe(recipe, folder, until="tokenize")
    run_recipe(recipe, folder, until="configure")
    cost = json.loads(_only(folder, "configure", "plan.json").read_text(encoding="utf-8"))["cost"]
    ran = run_recipe(recipe, folder)
    manifest = json.loads(_only(folder, "pretrain", "manifest.json").read_text(encoding="utf-8"))
    predicted = {"seconds": cost["seconds"], "peak_bytes": cost["memory_bytes"]}
    actual = {"seconds": manifest["seconds"], "peak_bytes": manifest["machine"]["peak_bytes"]}
    return predicted, actual | {"summary": manifest["summary"]}, ran


def _only(folder: Path, stage: str, name: str) -> Path:
    (place,) = (folder / "artifacts" / stage).glob(f"*/{name}")
    return place
