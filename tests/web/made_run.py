"""A run made by hand, with a string in every place where a report shows one: training, evaluation, costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from firstwords.artifact import Artifact
from firstwords.data.shards import write_table


def made(root: Path, name: str, string: str, inputs: tuple[Artifact, ...] = (), **more: Any) -> Artifact:
    """A finished artifact; everything that was written by somebody is `string`."""
    stage, _, part = name.partition(".")
    number = sum(1 for _ in root.glob("*/*"))
    identity = f"{number:010x}"
    folder = root / stage / f"{part or stage}-{identity}"
    folder.mkdir(parents=True)
    manifest = {
        "name": name,
        "stage": stage,
        "identity": identity,
        "digest": "d" * 64,
        "summary": f"made {string}",
        "counts": {},
        "tables": [],
        "reasons": [[string, string, string]],
        "ingredients": {"configuration": {"kind": stage, "said": string, "objective": {"kind": "masked_lm"}}},
        "inputs": {f"in{n}": {"name": a.name, "identity": a.identity} for n, a in enumerate(inputs)},
        "versions": {"firstwords": "0", string: "1"},
        "machine": {"cores": 2, "workers": 2, "threads": 2, "instruction_set": [string]},
        "seconds": 90.0,
        "files": {},
    } | more
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Artifact(name=name, folder=folder)


def trained(root: Path, name: str, string: str, inputs: tuple[Artifact, ...] = ()) -> Artifact:
    """With a curve, samples and the texts of its test part."""
    artifact = made(root, name, string, inputs)
    steps = range(1, 101)
    columns = {
        "step": list(steps),
        "tokens": [100 * n for n in steps],
        "loss": [5.0 / n**0.3 for n in steps],
        "rate": [0.1] * 100,
        "gradient_norm": [1.0] * 100,
        "validation_loss": [5.2 / n**0.3 if n % 20 == 0 else None for n in steps],
        "bits_per_byte": [2.6 / n**0.3 if n % 20 == 0 else None for n in steps],
        "accuracy": [n / 100 if n % 20 == 0 else None for n in steps],
    }
    write_table(artifact.path("curve.parquet"), pa.table(columns))
    rows = [{"step": n, "tokens": 100 * n, "prompt": string, "text": f"{string} {n}"} for n in (20, 40, 60)]
    artifact.path("samples.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    texts = {"id": ["a", "b", "c"], "text": [string, f"write to mayor@valley.example {string}", string]}
    write_table(artifact.path("test.parquet"), pa.table(texts))
    return artifact


def evaluated(root: Path, model: Artifact, string: str, **tasks: dict[str, list[Any]]) -> Artifact:
    """An evaluation; each task's name is its kind (`classification`, `entities`, `perplexity`, `robustness` ...)."""
    artifact = made(root, "evaluate", string, (model,), reasons=[])
    results = {}
    for kind, items in tasks.items():
        entry = {"value": 0.5, "low": 0.4, "high": 0.6, "baseline": {string: 0.3}}
        name = "bits_per_byte" if kind == "perplexity" else "accuracy"
        seeds = {"mean": 0.45, "low": 0.35, "high": 0.55, "spread": 0.05, "worst": 0.4, "values": {"0": 0.4, "1": 0.5}}
        results[kind] = {name: entry | {"seeds": seeds}, "more": entry | {"low": None, "high": None, "baseline": {}}}
        metric = {"metric": {"kind": name}, "higher_is_better": False, "interval": "wilson"}
        record = {
            "name": kind,
            "task": {"kind": kind, "version": 1, "name": None, "model": model.name},
            "inputs": {"model": {"name": model.name, "identity": model.identity}},
            "items": len(items["id"]),
            "units": 3,
            "unit": string,
            "metrics": {
                name: metric | {"label": f"{string} {{}}", "is_detail": False},
                "more": metric | {"label": "of x {}", "is_detail": True},
            },
            "details": {
                "confusion": {"labels": [string, "y"], "matrix": [[3, 1], [0, 2]]},
                "draws": [0.25, 0.75],
                "rows": [{"a": string, "b": 1.5}],
                "more": {string: {"inner": string}, "list": [string]},
            },
            "results": results[kind],
            "slices": {
                "overlap": {
                    "clean": {"items": 40, "results": {name: {"value": 0.5, "low": 0.4, "high": 0.6}}},
                    string: {"items": 3, "results": {}},
                },
                "label": {string: {"items": 12, "results": {name: {"value": 0.9, "low": None, "high": None}}}},
            },
        }
        artifact.path("tasks").mkdir(exist_ok=True)
        artifact.path("tasks", f"{kind}.json").write_text(json.dumps(record), encoding="utf-8")
        write_table(artifact.path("items", f"{kind}.parquet"), pa.table(items))
    artifact.path("results.json").write_text(json.dumps(results), encoding="utf-8")
    return artifact


def labels(string: str) -> dict[str, list[Any]]:
    """Three answers, two of them wrong, the surer one last."""
    return {
        "id": ["a", "b", "c"],
        "group": ["a", "b", "c"],
        "gold": [string, string, string],
        "predicted": [string, "y", f"z {string}"],
        "confidence": [0.9, 0.55, 0.8],
        "predicted (other)": [string, string, "y"],
    }


def attacked(string: str) -> dict[str, list[Any]]:
    """An attack that succeeded, one that did not, and one on what was wrong before."""
    before = f"{string} the wonderful food, write to mayor@valley.example"
    return {
        "id": ["a", "b", "c"],
        "group": ["a", "b", "c"],
        "gold": [string, string, "y"],
        "clean": [string, string, string],
        "predicted": ["y", string, string],
        "original": [before] * 3,
        "attacked": [f"{string} the wonderfull food, write to mayor@valley,example", before, before],
        "was_right": [True, True, False],
        "is_right": [False, True, False],
        "queries": [7, 9, 1],
        "changed": [0.1, 0.0, 0.0],
    }


def tags(string: str) -> dict[str, list[Any]]:
    """One entity right, one missed, one invented, one of another type."""
    return {
        "id": ["a"],
        "group": ["a"],
        "words": [["one", string, "two", "three", "four", "five"]],
        "gold": [["B-X", "B-X", "O", "O", "B-X", "I-X"]],
        "predicted": [["B-X", "O", "B-Y", "O", "B-Y", "I-Y"]],
    }


def documents(string: str) -> dict[str, list[Any]]:
    """What language models are scored on."""
    return {
        "id": [string, "b"],
        "group": [string, "b"],
        "bytes": [100, 100],
        "tokens": [30, 30],
        "nats": [90.0, 120.0],
        "nats (other)": [95.0, 99.0],
    }


def whole_run(root: Path, string: str) -> tuple[Artifact, ...]:
    """Everything that a report tells of, but the data."""
    configured = made(root, "configure.a", string)
    pretrained = trained(root, "pretrain.a", string, (configured,))
    tuned = trained(root, "finetune.a", string, (pretrained,))
    scored = evaluated(
        root,
        tuned,
        string,
        classification=labels(string),
        entities=tags(string),
        perplexity=documents(string),
        robustness=attacked(string),
    )
    return configured, pretrained, tuned, scored
