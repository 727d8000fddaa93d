"""The stage `evaluate`: results in the agreed form, traceable, and the same bytes after a kill."""

import json
import runpy
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from firstwords.artifact import Artifact, payload_files, sha256_file
from firstwords.console import SilentConsole
from firstwords.errors import RecipeError
from firstwords.evaluation.compare import compare
from firstwords.evaluation.tasks.classification import Classification
from firstwords.evaluation.tasks.perplexity import Perplexity
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.bits_per_byte import BitsPerByte
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages.evaluate import Evaluate

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))
STAGE = build(
    Evaluate,
    {
        "tasks": [
            {"kind": "perplexity", "name": "language"},
            {"kind": "classification", "name": "subjects", "model": "finetune.subjects"},
            {"kind": "entities"},
        ]
    },
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    root = tmp_path_factory.mktemp("inputs")
    return {
        "language/model": TINY["causal_model"](root / "causal"),
        "language/tokens": TINY["token_store"](root / "tokens"),
        "subjects/model": TINY["classifier"](root / "classifier"),
        "entities/model": TINY["tagger"](root / "tagger"),
    }


def payload(folder):
    return {path.as_posix(): sha256_file(folder / path) for path in payload_files(folder)}


@pytest.fixture(scope="module")
def finished(inputs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    return folder, STAGE.run(TINY["work_in"](folder, inputs))


def test_results_are_in_the_agreed_form(finished):
    folder, outcome = finished
    results = json.loads((folder / "results.json").read_text())
    assert list(results) == ["language", "subjects", "entities"]
    assert list(results["language"]) == ["bits_per_byte", "perplexity"]
    assert list(results["subjects"]) == ["accuracy", "macro_f1", "matthews_correlation"]
    assert list(results["language"]["bits_per_byte"]["baseline"]) == ["xz", "5-gram", "interpolation"]
    assert list(results["subjects"]["accuracy"]["baseline"]) == ["TF-IDF", "majority"]
    assert list(results["entities"]["entity_f1"]["baseline"]) == ["CRF", "dictionary"]
    for metrics in results.values():
        for entry in metrics.values():
            assert set(entry) == {"value", "low", "high", "baseline"}
            assert entry["low"] <= entry["value"] <= entry["high"]
    assert outcome.counts == {"language": 12, "subjects": 30, "entities": 30}
    assert outcome.summary == "3 tasks, 72 items"
    assert outcome.tables == (folder / "table.txt").read_text().splitlines()
    assert max(map(len, outcome.tables)) <= 80


def test_figures_are_functions_of_the_stored_items(finished):
    folder, _ = finished
    results = json.loads((folder / "results.json").read_text())
    language = pq.read_table(folder / "items" / "language.parquet").to_pydict()
    assert BitsPerByte().value(language) == results["language"]["bits_per_byte"]["value"]
    other = language | {"nats": language["nats (5-gram)"]}
    assert BitsPerByte().value(other) == results["language"]["bits_per_byte"]["baseline"]["5-gram"]
    subjects = pq.read_table(folder / "items" / "subjects.parquet").to_pydict()
    assert Accuracy().value(subjects) == results["subjects"]["accuracy"]["value"]
    assert "predicted (TF-IDF)" in subjects and "gold (TF-IDF)" not in subjects


def test_a_result_says_what_it_was_made_from(finished, inputs):
    folder, _ = finished
    record = json.loads((folder / "tasks" / "language.json").read_text())
    assert record["inputs"]["model"] == {
        "name": "pretrain.causal",
        "identity": inputs["language/model"].identity,
    }
    assert (record["items"], record["units"], record["task"]["kind"]) == (12, 6, "perplexity")
    assert record["metrics"]["bits_per_byte"]["interval"] == "percentile"
    confusion = json.loads((folder / "tasks" / "subjects.json").read_text())["details"]["confusion"]
    assert sum(map(sum, confusion["matrix"])) == 30


class DiesAt(SilentConsole):
    """Raises when a task is reached, as a kill would stop it there."""

    def __init__(self, task):
        super().__init__()
        self.task = task

    def progress(self, name, text, share):
        if text.startswith(self.task):
            raise KeyboardInterrupt


@pytest.mark.parametrize("task", ["language", "entities"])
def test_a_stopped_run_continues_to_the_same_bytes(task, finished, inputs, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        STAGE.run(TINY["work_in"](tmp_path, inputs, DiesAt(task)))
    assert not (tmp_path / "results.json").exists()
    before = {p: (tmp_path / p).stat().st_mtime_ns for p in payload_files(tmp_path)}
    assert bool(before) == (task == "entities")
    STAGE.run(TINY["work_in"](tmp_path, inputs))
    assert payload(tmp_path) == payload(finished[0])
    # What was finished before was not made again.
    assert {p: (tmp_path / p).stat().st_mtime_ns for p in before} == before


def test_an_evaluation_compared_with_itself_shows_no_difference(finished):
    folder, _ = finished
    rows = compare(folder, folder).rows
    assert {row.task for row in rows} == {"language", "subjects", "entities"}
    assert all((row.difference, row.better) == (0, "neither") for row in rows)


def test_every_input_is_named_by_its_task(inputs):
    class Graph:
        name = "evaluate"

        def require(self, name):
            return name

        def stage(self, name):
            return None

        def input_of(self, name, role, usual):
            return usual

    stage = Evaluate(
        tasks=(Perplexity(name="a", model="pretrain.x"), Classification(name="b", model="finetune.y")),
    )
    assert stage.inputs(Graph()) == {
        "a/model": "pretrain.x",
        "a/tokens": "tokenize",
        "b/model": "finetune.y",
    }


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([{"kind": "perplexity"}, {"kind": "perplexity"}], "two tasks are called 'perplexity'"),
        ([], "tasks"),
        ([{"kind": "perplexities"}], "Did you mean 'perplexity'"),
        ([{"kind": "perplexity", "max_token": 5}], "Did you mean 'max_tokens'"),
    ],
)
def test_wrong_tasks_are_refused(tasks, message):
    with pytest.raises(RecipeError, match=message):
        build(Evaluate, {"tasks": tasks})


def test_the_model_of_every_seed_is_scored(tmp_path) -> None:
    made = runpy.run_path(str(Path(__file__).parent / "test_finetune.py"))
    base = made["make_base"](tmp_path / "base", causal=False)
    rows = [{"text": f"the list {n}", "pair": f"of {n}", "label": ["a"] * (n % 2) + ["b"]} for n in range(60)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {"kind": "table", "path": str(tmp_path / "t.jsonl"), "pair": "pair"}
    made["run"](tmp_path / "x", made["LABELS"], data, base, epochs=1, batch_examples=10, seeds=2)
    (tmp_path / "x" / "manifest.json").write_text('{"identity": "i", "digest": "d", "files": {}}')
    inputs = {"classification/model": Artifact(name="finetune.x", folder=tmp_path / "x")}
    work = Work(name="evaluate", folder=tmp_path / "e", inputs=inputs, pool=None, console=SilentConsole())
    outcome = build(Evaluate, {"tasks": [{"kind": "classification"}]}).run(work)
    scored = json.loads((tmp_path / "e" / "results.json").read_text())["classification"]
    assert list(scored) == ["micro_f1", "macro_f1"] and set(scored["micro_f1"]["baseline"]) == {"TF-IDF", "majority"}
    assert sorted(scored["micro_f1"]["seeds"]["values"]) == ["0", "1"]
    assert scored["micro_f1"]["value"] in scored["micro_f1"]["seeds"]["values"].values()
    assert any("2 seeds: mean" in line for line in outcome.tables)
