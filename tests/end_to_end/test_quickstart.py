"""What a newcomer gets from the quickstart, checked on a shrunk one."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from shrunk_quickstart import OVERRIDES, RECIPE, ROOT, manifests, start

pytestmark = pytest.mark.xdist_group("end_to_end")


def firstwords(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "firstwords", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd, env=environment, timeout=120)


def test_every_stage_is_there_and_traced_to_its_inputs(whole_run: Path) -> None:
    found = manifests(whole_run)
    identities = {manifest["identity"] for manifest in found.values()}
    for manifest in found.values():
        assert {entry["identity"] for entry in manifest["inputs"].values()} <= identities
        assert manifest["machine"]["threads"] == 1
    assert {name.partition(".")[0] for name in found} >= {"collect", "clean", "configure", "pretrain", "evaluate"}


def test_show_json_has_the_promised_shape(whole_run: Path) -> None:
    shown = json.loads(firstwords("show", "quickstart", "--json", cwd=whole_run.parent).stdout)
    assert set(shown) == {"artifacts", "results", "counts"}
    for metrics in shown["results"].values():
        for metric in metrics.values():
            assert set(metric) == {"value", "low", "high", "baseline"}
            assert metric["low"] <= metric["value"] <= metric["high"]
            assert isinstance(metric["baseline"], dict)
    assert {"language", "subjects", "entities"} == set(shown["results"])
    assert {"kept", "dropped"} <= set(shown["counts"]["clean"])


def test_dropped_documents_are_listed_with_rule_score_and_excerpt(whole_run: Path) -> None:
    rows = []
    for stage in ("clean", "deduplicate"):
        ended = firstwords("show", f"quickstart/{stage}", "--dropped", "--json", cwd=whole_run.parent)
        rows += json.loads(ended.stdout)
    assert rows
    assert all(row["rule"] and row["step"] and row["id"] for row in rows)


def test_the_second_run_does_nothing_quickly_without_torch(whole_run: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = start(whole_run)
    output, errors = process.communicate(timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0
    # Processor time, since other tests may keep both cores busy.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5
    assert errors.count("up to date") == len(manifests(whole_run))
    assert output == (whole_run.parent / "output.txt").read_text()
    code = "import sys, pathlib\nfrom firstwords.recipe_file import read_recipe\n"
    code += "from firstwords.runner import run_recipe\n"
    code += f"run_recipe(read_recipe({str(RECIPE)!r}, {OVERRIDES!r}), root=pathlib.Path({str(whole_run)!r}))\n"
    code += "assert 'torch' not in sys.modules\n"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_models_answer_in_a_terminal(whole_run: Path) -> None:
    cwd = whole_run.parent
    arguments = ("chat", "quickstart/pretrain.causal", "--once", "Return the", "--max-tokens", "8", "--seed", "1")
    first, second = (firstwords(*arguments, cwd=cwd).stdout for _ in range(2))
    assert first == second
    assert first.strip()
    assert firstwords("chat", "quickstart/finetune.subjects", "--once", "Parse command line.", cwd=cwd).stdout.strip()
    assert firstwords("chat", "quickstart/finetune.entities", "--once", "See the Parser class.", cwd=cwd).stdout.strip()


def test_no_secret_and_no_place_of_this_machine_is_in_an_artifact(whole_run: Path) -> None:
    places = {str(whole_run.parent), str(Path.home()), str(ROOT)} - {"/"}
    for path in whole_run.rglob("*"):
        # The record of runs names the recipe's file, for the user of this machine.
        if path.is_file() and path.parent.name != "recipes":
            content = path.read_bytes()
            for place in places:
                assert place.encode() not in content, f"{path.relative_to(whole_run)} holds {place}"


def test_the_folders_load_in_transformers_and_agree(whole_run: Path) -> None:
    transformers = pytest.importorskip("transformers")
    import numpy as np
    import torch

    from firstwords import LanguageModel
    from firstwords.training.batch import Example, flat_batch

    record = json.loads((whole_run / "recipes" / "quickstart.json").read_text())["artifacts"]
    classes = {
        "pretrain.causal": transformers.AutoModelForCausalLM,
        "pretrain.masked": transformers.AutoModelForMaskedLM,
        "finetune.subjects": transformers.AutoModelForSequenceClassification,
        "finetune.entities": transformers.AutoModelForTokenClassification,
    }
    text = "Return a new list of the items that are in both mappings."
    for name, auto in classes.items():
        folder = whole_run / record[name] / "model"
        theirs = auto.from_pretrained(folder).eval()
        ids = transformers.AutoTokenizer.from_pretrained(folder)(text)["input_ids"]
        ours = LanguageModel.load(folder)
        assert ours.tokenizer.encode(text) == ids
        with torch.no_grad():
            expected = theirs(input_ids=torch.tensor([ids])).logits[0]
            logits = ours.model(flat_batch([Example(np.array(ids, np.int32))]))
        assert (logits - expected).abs().max() < 1e-4, name
