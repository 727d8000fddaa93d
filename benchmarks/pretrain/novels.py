"""Novels and the Brown corpus as one: bits per byte on held-out books after five minutes, beside peers.

The peers get the same seconds, the same tokens from the same tokenizer and a model of the same size; held out are whole
books and texts, by the hash of their names. Beside: what `xz -9e` makes of the same texts, and a 5-gram model with
Kneser-Ney smoothing of the same tokens.
"""

import argparse
import json
import math
import os
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.text_recipe import HEAD
from benchmarks.process import ROOT, Ran, peer, run, run_recipe
from firstwords.data.token_store import TokenStore

SECONDS, QUICK_SECONDS = 300, 40
# Of the whole command: loading, probe and rehearsals, writing the model, and room for a slower moment of the machine.
OVERHEAD = 28
# Name, where its checkout is told, and what its environment holds.
PEERS = {"nanogpt": "PEER_NANOGPT", "nanochat": "PEER_NANOCHAT", "trainer": None}
ENVIRONMENT = ["torch==2.13.0", "transformers==5.23.0 accelerate==1.15.0 filelock"]
RECIPE = """[pretrain]
objective = {{ kind = "causal_lm" }}
budget = "{budget}s"
[evaluate]
tasks = [{{ kind = "perplexity", name = "held-out", max_tokens = "100M" }}]
"""


def novels(setting: Setting) -> list[Judged]:
    """Ours, then every peer whose checkout is told."""
    seconds = QUICK_SECONDS if setting.quick else SECONDS
    bits, ran, shape = train_ours(setting.work, setting.data, seconds)
    missing = [name for name, variable in PEERS.items() if variable and not os.environ.get(variable)]
    peers = {name: train_peer(name, setting.work, shape, seconds) for name in PEERS if name not in missing}
    note = f"{shape['layers']} layers x {shape['width']}; whole process {ran.seconds:.0f} s, limit {seconds}"
    note += f"; foreign load {ran.foreign_cores:.2f} cores"
    if missing:
        note += f"; not run, no checkout told by {', '.join(PEERS[name] or '' for name in missing)}"
    found = [
        Judged(name="novels", figure=bits["model"], unit="bits/byte", note=note),
        Judged(name="novels-time", figure=ran.seconds, unit="s", bar=seconds, at_least=False),
        Judged(name="novels-xz", figure=bits["model"] / bits["xz"], unit="x", bar=1.0, at_least=False, peer="xz -9e"),
    ]
    if "5-gram" in bits:
        told = f"{bits['5-gram']:.4f} bits/byte, Kneser-Ney, same tokens"
        found.append(Judged(name="novels-5gram", figure=bits["model"] / bits["5-gram"], unit="x", note=told))
    for name, theirs in peers.items():
        told = (
            f"{theirs['bits']:.4f} bits/byte, {theirs['parameters'] / 1e6:.1f}M parameters, {theirs['seconds']:.0f} s"
        )
        ratio = bits["model"] / theirs["bits"]
        found.append(
            Judged(name=f"novels-{name}", figure=ratio, unit="x", bar=1.0, at_least=False, peer=name, note=told)
        )
    return found


def train_ours(folder: Path, data: Path, seconds: float) -> tuple[dict[str, float], Ran, dict[str, Any]]:
    """Make the tokens untimed, time configuring and training, evaluate untimed.

    Returns:
        Bits per byte of the model, `xz` and the 5-gram model; the timed run; what the peers need to know.
    """
    source = folder / "novels.jsonl"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts(data))
    recipe = folder / "novels.toml"
    recipe.write_text(
        (HEAD + RECIPE).format(name="novels", source=source, budget=f"{seconds - OVERHEAD:g}"), encoding="utf-8"
    )
    run_recipe(recipe, folder, until="tokenize")
    ran = run_recipe(recipe, folder, until="pretrain")
    run_recipe(recipe, folder)
    places = {path.parts[-3]: path.parent for path in folder.glob("artifacts/*/*/manifest.json")}
    results = json.loads((places["evaluate"] / "results.json").read_text(encoding="utf-8"))
    found = results["held-out"]["bits_per_byte"]
    bits = {"model": found["value"]} | found["baseline"]
    plan = json.loads((places["configure"] / "plan.json").read_text(encoding="utf-8"))
    return bits, ran, _export(folder, places["tokenize"], plan)


def _export(folder: Path, store: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """The tokens as plain arrays, and the shape of the model."""
    train, held_out = TokenStore(store, "train"), TokenStore(store, "test")
    np.save(folder / "train.npy", np.asarray(train.tokens))
    documents = {str(n): np.asarray(held_out.document(n)) for n in range(len(held_out)) if held_out.num_bytes[n]}
    np.savez(folder / "held-out.npz", **documents)  # type: ignore[arg-type]
    model = plan["model"]
    return {
        "vocab-size": train.vocab_size,
        "layers": model["num_layers"],
        "heads": model["num_heads"],
        "width": model["width"],
        "mlp-width": model["mlp_width"],
        "context": model["context"],
        "batch": plan["training"]["batch_tokens"],
        "end-of-text": train.end_of_text,
        "num_bytes": int(held_out.num_bytes.sum()),
    }


def train_peer(name: str, folder: Path, shape: dict[str, Any], seconds: float) -> dict[str, float]:
    """Bits per byte of a peer, its parameters and the seconds it trained."""
    out = folder / f"{name}.json"
    script = ROOT / "benchmarks/pretrain/peers/equal_time.py"
    command = [str(peer("equal-time", ENVIRONMENT)), str(script), name]
    command += ["--train", str(folder / "train.npy"), "--held-out", str(folder / "held-out.npz"), "--out", str(out)]
    command += ["--seconds", str(seconds)]
    for key, value in shape.items():
        command += [f"--{key}", str(value)] if key != "num_bytes" else []
    variable = PEERS[name]
    command += ["--checkout", os.environ[variable]] if variable else []
    run(command, folder=folder / name, environment={"OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1"}, limit=3000)
    found = json.loads(out.read_text())
    return found | {"bits": found["nats"] / math.log(2) / shape["num_bytes"]}


def texts(data: Path) -> Iterator[str]:
    """The novels' paragraphs without markup, then the Brown corpus's texts without tags."""
    with tarfile.open(data / "books-eltec-eng/level1.tar.xz") as archive:
        for member in sorted((m for m in archive if m.name.endswith(".xml")), key=lambda m: m.name):
            file = archive.extractfile(member)
            assert file is not None
            body = file.read().decode().partition("<body")[2]
            paragraphs = re.findall(r"<(?:p|head|l)\b[^>]*>(.*?)</(?:p|head|l)>", body, re.DOTALL)
            plain = (" ".join(unescape(re.sub(r"<[^>]+>", "", each)).split()) for each in paragraphs)
            yield "\n\n".join(each for each in plain if each)
    with zipfile.ZipFile(data / "lm-brown" / _only(data / "lm-brown", "*.zip")) as brown:
        for name in sorted(n for n in brown.namelist() if re.fullmatch(r"brown/c[a-r]\d\d", n)):
            lines = (line.split() for line in brown.read(name).decode().splitlines())
            yield "\n".join(" ".join(word.rpartition("/")[0] for word in line) for line in lines if line)


def _only(folder: Path, pattern: str) -> str:
    return next(path.name for path in sorted(folder.glob(pattern)))


def main() -> None:
    """`python -m benchmarks.pretrain.novels --data FOLDER `: ours and the peers told by PEER_*."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-novels-") as folder:
        for each in novels(Setting(data=chosen.data, work=Path(folder), quick=chosen.quick)):
            print(f"{each.name:16} {each.figure:10.4f} {each.unit:10} met {each.met}   {each.note}", flush=True)


if __name__ == "__main__":
    main()
