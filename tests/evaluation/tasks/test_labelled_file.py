import json
import runpy
import zipfile
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.labelled_file import LabelledFile
from firstwords.inference.language_model import LanguageModel

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))
TINY = SHARED["TINY"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return LanguageModel.load(TINY["classifier"](tmp_path_factory.mktemp("classifier")).path("model"))


def test_every_row_is_asked_and_answers_are_the_models(model, tmp_path):
    task = LabelledFile(path=str(TINY["labelled_file"](tmp_path)))
    examples, _, items = SHARED["asked"](task, model)
    assert len(examples) == 30
    assert items["predicted"] == model.predict([example.text for example in examples])
    assert set(task.details(items)) == {"confusion", "auc"}
    assert [m.name for m in task.metrics(examples)] == [
        "accuracy",
        "macro_f1",
        "matthews_correlation",
        "brier",
        "calibration_error_equal_mass",
    ]


def test_a_file_may_lie_in_an_archive_and_hold_pairs(model, tmp_path):
    with zipfile.ZipFile(tmp_path / "dev.zip", "w") as packed:
        packed.writestr("dev.json", json.dumps({"nli": [{"a": "call json", "b": "mail it", "label": "json"}]}))
    task = LabelledFile(path=f"{tmp_path}/dev.zip/dev.json#nli", text="a", pair="b")
    (example,), _, items = SHARED["asked"](task, model)
    assert task.prompt(example) == ("call json", "mail it") and items["gold"] == ["json"]


def test_labels_are_renamed_and_unknown_ones_named(model, tmp_path):
    (tmp_path / "mine.csv").write_text("words,sort,page\ncall json,0,p\nmail it,1,p\n")
    columns = {"path": str(tmp_path / "mine.csv"), "text": "words", "label": "sort"}
    task = LabelledFile(**columns, labels={"0": "json", "1": "emial"}, group="page")
    examples, answers, items = SHARED["asked"](task, model)
    assert items["gold"] == ["json", "emial"] and items["group"] == ["p", "p"]
    with pytest.raises(RecipeError, match=r"no label 'emial' \(1 rows\). Did you mean 'email'"):
        task.baselines({}, examples, model, answers, lambda *_: None)
