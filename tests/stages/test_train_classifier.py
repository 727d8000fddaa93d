"""The stage `train_classifier`, and a filter that uses what it made."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from firstwords.artifact import Artifact, digest_payload
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.ngram_classifier import NgramClassifier
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.recipe import build
from firstwords.recipe_file import make_recipe
from firstwords.stage import Work
from firstwords.stages.clean import Clean
from firstwords.stages.train_classifier import TrainClassifier

GOOD, BAD = "river {} valley winter snow", "click {} win prize today"


def labelled(folder: Path) -> str:
    place = folder / "rows.jsonl"
    rows = [
        {"text": text.format(n), "label": name} for name, text in (("good", GOOD), ("bad", BAD)) for n in range(120)
    ]
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(place)


def run(folder: Path, stage) -> tuple:
    work = Work(
        name="train_classifier.quality", folder=folder, inputs={}, pool=Local(workers=1), console=SilentConsole()
    )
    return stage.run(work)


def made(tmp_path: Path, **fields) -> TrainClassifier:
    return build(TrainClassifier, {"data": {"kind": "table", "path": labelled(tmp_path)}, "bits": 12} | fields)


def test_it_learns_scores_and_tells(tmp_path) -> None:
    outcome = run(tmp_path / "out", made(tmp_path, description="Rivers.", min_probability={"good": 0.4}))
    assert "macro-F1 1.000" in outcome.summary and "TF-IDF 1.000" in outcome.summary
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["texts"]["train"] == outcome.counts["train"] and report["scores"]["auc"]["value"] == 1.0
    assert "Rivers." in (tmp_path / "out/card.md").read_text()
    model = NgramClassifier.load(tmp_path / "out")
    assert model.labels == ("bad", "good") and model.limits == {"good": (0.4, None)}


def test_the_same_bytes_every_time(tmp_path) -> None:
    for name in ("one", "two"):
        run(tmp_path / name, made(tmp_path))
    assert digest_payload(tmp_path / "one") == digest_payload(tmp_path / "two")


def test_mistakes_are_told(tmp_path) -> None:
    with pytest.raises(RecipeError, match="no text is labelled 'god'"):
        run(tmp_path / "out", made(tmp_path, max_probability={"god": 0.5}))
    (tmp_path / "one.jsonl").write_text('{"text": "a", "label": "b"}\n')
    with pytest.raises(RecipeError, match="fewer than two labels"):
        run(
            tmp_path / "out",
            made(tmp_path, data={"kind": "table", "path": str(tmp_path / "one.jsonl"), "test_share": 0}),
        )


def test_a_recipe_s_filter_uses_it(tmp_path) -> None:
    clean = {"steps": [{"kind": "classifier", "model": "train_classifier.quality", "min_probability": {"good": 0.5}}]}
    sections = {
        "train_classifier": {"quality": {"data": {"kind": "table", "path": labelled(tmp_path)}}},
        "clean": clean,
    }
    recipe = make_recipe(sections, where="test", default_name="test")
    stage = recipe.stages["clean"]
    assert isinstance(stage, Clean)

    class Graph:
        def require(self, name):
            return name

    assert stage.inputs(Graph()) == {"documents": "extract", "step_0.model": "train_classifier.quality"}
    assert Clean(steps=(build(Clean, {"steps": ["classifier"]}).steps)).inputs(Graph()) == {"documents": "extract"}
    run(tmp_path / "model", recipe.stages["train_classifier.quality"])
    rows = [{"id": document_id(str(n)), "text": t.format(n), "source": "t"} for n, t in enumerate((GOOD, BAD, GOOD))]
    write_table(tmp_path / "extract/documents/0.parquet", pa.Table.from_pylist(rows, schema=DOCUMENT))
    inputs = {
        "documents": Artifact(name="extract", folder=tmp_path / "extract"),
        "step_0.model": Artifact(name="train_classifier.quality", folder=tmp_path / "model"),
    }
    work = Work(name="clean", folder=tmp_path / "out", inputs=inputs, pool=Local(workers=1), console=SilentConsole())
    assert stage.run(work).counts["dropped"] == {"classifier.good": 1}
