import runpy
from pathlib import Path

import pytest

from firstwords.evaluation.tasks.entities import Entities
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return TINY["tagger"](tmp_path_factory.mktemp("tagger"))


def test_every_word_of_the_test_part_gets_a_tag(model):
    task = Entities()
    examples = task.examples({"model": model})
    loaded = LanguageModel.load(model.path("model"))
    answers = task.answers(loaded, [task.prompt(e) for e in examples], lambda *_: None)
    assert [len(a) for a in answers] == [len(e.words) for e in examples]
    items = task.score(examples, answers)
    assert items["gold"] == [list(e.tags) for e in examples]


def test_the_validation_part_can_be_scored_to_choose_by(model):
    examples = Entities(part="validation").examples({"model": model})
    assert [e.id for e in examples] == [r.id for r in TINY["words_records"]("validation", 20)]


def test_all_entities_first_then_f1_of_every_type(model):
    metrics = Entities().metrics(Entities().examples({"model": model}))
    assert [m.name for m in metrics] == [
        "entity_f1",
        "entity_precision",
        "entity_recall",
        "entity_f1 (class)",
        "entity_f1 (module)",
        "entity_f1_exact_match",
        "entity_f1_partial_match",
        "entity_f1_type_match",
    ]
    assert [m.is_detail for m in metrics] == [False] * 3 + [True] * 5
    assert Entities(mode="strict").metrics(Entities().examples({"model": model}))[0].name == "entity_f1_strict"


def test_the_dictionary_finds_what_training_named(model):
    task = Entities()
    examples = task.examples({"model": model})
    found = task.baselines({"model": model}, examples, None, [], lambda *_: None)
    # In this data a word has the same tag everywhere.
    assert task.metrics(examples)[0].value(task.score(examples, found["dictionary"])) == 1.0
