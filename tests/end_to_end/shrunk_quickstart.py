"""The quickstart on a few modules, with tiny models: everything the full one does, in seconds."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "recipes" / "quickstart.toml"
MODULES = (
    "argparse",
    "asyncio",
    "collections",
    "concurrent",
    "ctypes",
    "email",
    "http",
    "importlib",
    "json",
    "logging",
    "multiprocessing",
    "os",
    "unittest",
    "urllib",
    "xml",
)
OVERRIDES = (
    f"collect.sources.0.modules={json.dumps(MODULES)}",
    "collect.sources.0.topics=false",
    "pretrain.causal.budget=",
    "pretrain.causal.tokens=30_720",
    "pretrain.causal.model={ depth = 1 }",
    "pretrain.masked.budget=",
    "pretrain.masked.tokens=30_720",
    "pretrain.masked.model={ depth = 1 }",
    "finetune.subjects.epochs=0.3",
    "finetune.entities.epochs=0.5",
)
# The stages in which a run is killed, in the order in which they come.
STAGES = (
    "collect",
    "extract",
    "clean",
    "deduplicate",
    "train_tokenizer",
    "tokenize",
    "configure",
    "pretrain",
    "finetune",
    "evaluate",
)


def start(root: Path) -> "subprocess.Popen[str]":
    """Begin a run (or its continuation) with its artifacts in `root`."""
    command = [sys.executable, "-m", "firstwords", "run", str(RECIPE), *OVERRIDES, "--artifacts", str(root)]
    # One thread, because exactness holds for equal numbers and the tests run beside each other.
    command += ["--threads", "1", "--workers", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root.parent, env=environment
    )


def finish(root: Path) -> str:
    """Run to the end; returns what was written to standard output."""
    process = start(root)
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]
    return output


def manifests(root: Path) -> dict[str, dict]:
    """The manifests of all finished artifacts, by full stage name."""
    record = json.loads((root / "recipes" / "quickstart.json").read_text())["artifacts"]
    return {name: json.loads((root / folder / "manifest.json").read_text()) for name, folder in record.items()}


def digests(root: Path) -> dict[str, str]:
    """The payload digests of all finished artifacts."""
    return {name: manifest["digest"] for name, manifest in manifests(root).items()}
