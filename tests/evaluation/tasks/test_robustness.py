import runpy
from pathlib import Path

import pytest

from firstwords.artifact import Artifact
from firstwords.data.dataset import TextRecord, table_of
from firstwords.data.shards import write_table
from firstwords.errors import RecipeError
from firstwords.evaluation.attacks.context import Context
from firstwords.evaluation.attacks.entity_swap import EntitySwap
from firstwords.evaluation.tasks.robustness import Robustness, Target
from firstwords.inference.language_model import LanguageModel
from firstwords.metrics.metrics.accuracy import Accuracy

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def scored(task, artifact):
    examples = task.examples({"model": artifact})
    model = LanguageModel.load(artifact.path("model"))
    steps = []
    prompts = [task.prompt(e) for e in examples]
    answers = task.answers(model, prompts, lambda *step: steps.append(step))
    assert steps[-1] == ("attacking", len(examples), len(examples))
    items = task.score(examples, answers)
    beside = task.baselines({"model": artifact}, examples, model, answers, lambda *_: None)
    columns = [items, *(task.score(examples, each) for each in beside.values())]
    figures = {m.name: tuple(m.value(each) for each in columns) for m in task.metrics(examples)}
    return columns, figures, task.details(items)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return TINY["classifier"](tmp_path_factory.mktemp("classifier"))


def test_figures_before_and_after_fit_together(classifier):
    (items, *_), figures, details = scored(Robustness(num_items=20, seed=1), classifier)
    after, before, _ = figures["accuracy"]
    assert after <= before
    assert figures["attack_lost"][0] == pytest.approx(before - after)
    assert figures["attack_lost"][1] == 0
    assert len(items["id"]) == 20 and all(q <= 200 for q in items["queries"])
    changed = [a != b for a, b in zip(items["original"], items["attacked"], strict=True)]
    assert changed == [share > 0 for share in items["changed"]]
    assert "at least 4 letters" in details["constraints"] and details["seed"] == 1


def test_the_same_items_are_attacked_in_the_same_way_every_time(classifier):
    assert scored(Robustness(num_items=9), classifier)[0] == scored(Robustness(num_items=9), classifier)[0]


def test_words_alone_are_attacked_in_the_same_way(classifier, tmp_path):
    subjects = {"good": "wonderful", "bad": "terrible"}
    records = [
        TextRecord(f"{n}{label}", f"{n}{label}", f"a {word} day number{n}", label)
        for n in range(12)
        for label, word in subjects.items()
    ]
    write_table(tmp_path / "validation.parquet", table_of([], TextRecord))
    task, inputs = Robustness(), {"model": Artifact(name="finetune.x", folder=tmp_path)}
    examples = [Target(record, records) for record in records]
    model = LanguageModel.load(classifier.path("model"))
    found = task.baselines(inputs, examples, model, [task.gold(e) for e in examples], lambda *_: None)
    items = task.score(examples, found["TF-IDF"])
    # Without the attack the one word tells the label; one slip in it, and nothing does.
    assert items["clean"] == items["gold"]
    assert Accuracy().value(items) <= 0.5
    assert all(1 < queries <= 200 for queries in items["queries"])
    lost = [attacked for attacked, right in zip(items["attacked"], items["is_right"], strict=True) if not right]
    assert not any(word in text.split() for text in lost for word in subjects.values())


def test_the_validation_part_can_be_attacked_to_choose_by(tmp_path):
    examples = Robustness(part="validation").examples({"model": TINY["classifier"](tmp_path)})
    assert [e.record.id for e in examples] == [r.id for r in TINY["text_records"]("validation", 20)]


@pytest.mark.parametrize("attack", [Context(), EntitySwap()])
def test_taggers_are_attacked_around_and_on_their_entities(tmp_path, attack):
    (items, _), figures, _ = scored(Robustness(attack=attack, num_items=12), TINY["tagger"](tmp_path))
    assert set(figures) == {"entity_f1", "attack_lost", "attack_success", "attack_queries", "attack_changed"}
    for words, gold, predicted in zip(items["words"], items["gold"], items["predicted"], strict=True):
        assert len(words) == len(gold) == len(predicted)


def test_an_attack_and_data_of_another_kind_are_refused(classifier):
    with pytest.raises(RecipeError, match="attack 'context' changes a WordsRecord"):
        Robustness(attack=Context()).examples({"model": classifier})


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (TextRecord("a", "a", "one", "x", pair="two"), "pairs of texts"),
        (TextRecord.several("a", "a", "one", ["x", "y"]), "texts of several labels"),
    ],
)
def test_pairs_and_several_labels_are_refused(tmp_path, record, told):
    write_table(tmp_path / "test.parquet", table_of([record], TextRecord))
    with pytest.raises(RecipeError, match=told):
        Robustness().examples({"model": Artifact(name="finetune.x", folder=tmp_path)})
