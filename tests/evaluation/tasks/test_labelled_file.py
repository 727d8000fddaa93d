import json
import runpy
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.entities import Entities
from firstwords.evaluation.tasks.labelled_file import LabelledFile
from firstwords.find import find
from firstwords.inference.language_model import LanguageModel
from firstwords.metrics.entities import find_entities
from firstwords.recipe import build

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))
TINY = SHARED["TINY"]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return TINY["classifier"](tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="module")
def model(classifier):
    return LanguageModel.load(classifier.path("model"))


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    return TINY["tagger"](tmp_path_factory.mktemp("tagger"))


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
    with pytest.raises(RecipeError, match=r"no label 'emial'\. Did you mean 'email'"):
        task.baselines({}, examples, model, answers, lambda *_: None)


def test_words_learnt_from_the_training_part_stand_beside_a_model_of_the_recipe(classifier, model, tmp_path):
    task = LabelledFile(path=str(TINY["labelled_file"](tmp_path)))
    examples, answers, _ = SHARED["asked"](task, model)
    found = task.baselines({"model": classifier}, examples, model, answers, lambda *_: None)
    scores = {name: task.metrics(examples)[0].value(task.score(examples, each)) for name, each in found.items()}
    assert list(scores) == ["commonest", "TF-IDF"] and scores["TF-IDF"] == 1.0
    assert list(task.baselines({}, examples, model, answers, lambda *_: None)) == ["commonest"]


def tagged_files(folder, records):
    """The same sentences as words with tags and as spans of characters."""
    lines, rows = [], []
    for record in records:
        lines += [f"{word} {tag}" for word, tag in zip(record.words, record.tags, strict=True)] + [""]
        starts = [sum(len(word) + 1 for word in record.words[:place]) for place in range(len(record.words) + 1)]
        found = [[starts[e.start], starts[e.end] - 1, e.type] for e in find_entities(record.tags)]
        rows.append({"text": " ".join(record.words), "entities": found})
    (folder / "mine.conll").write_text("\n".join(lines))
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "mine.conll", folder / "mine.jsonl"


def test_entities_are_read_as_words_or_as_spans_and_scored_as_the_task_entities_does(tagger, tmp_path):
    records = TINY["words_records"]("test", 20)
    model = LanguageModel.load(tagger.path("model"))
    answers = model.tags([record.words for record in records])
    right = Entities().score(records, answers)
    for path in tagged_files(tmp_path, records):
        task = LabelledFile(path=str(path))
        examples, answers, items = SHARED["asked"](task, model)
        assert items["gold"] == right["gold"] and items["predicted"] == right["predicted"]
        assert [m.name for m in task.metrics(examples)] == [m.name for m in Entities().metrics(records)]
        assert task.details(items) == {}
        assert set(task.baselines({"model": tagger}, examples, model, answers, lambda *_: None)) == {
            "CRF",
            "dictionary",
        }


def test_a_type_that_the_model_does_not_know_is_named(tagger, tmp_path):
    (tmp_path / "mine.txt").write_text("call B-functoin\nit O\n")
    model = LanguageModel.load(tagger.path("model"))
    task = LabelledFile(path=str(tmp_path / "mine.txt"))
    examples, answers, _ = SHARED["asked"](task, model)
    with pytest.raises(RecipeError, match=r"mine\.txt: the model has no label 'functoin'"):
        task.baselines({}, examples, model, answers, lambda *_: None)


def test_the_file_says_which_model_fits(classifier, tmp_path):
    conll, spans = tagged_files(tmp_path, TINY["words_records"]("test", 2))
    stages = {"finetune.a": "sequence_classification", "finetune.b": "token_classification"}
    graph = SimpleNamespace(
        names=lambda _: list(stages),
        stage=lambda name: SimpleNamespace(objective=build(find("training.objectives", stages[name]), {})),
    )
    for path, name in ((conll, "b"), (spans, "b"), (TINY["labelled_file"](tmp_path), "a")):
        assert LabelledFile(path=str(path)).inputs(graph) == {"model": f"finetune.{name}"}
