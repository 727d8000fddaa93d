import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.attacks.context import Context
from firstwords.evaluation.attacks.entity_swap import EntitySwap
from firstwords.evaluation.tasks.robustness import Robustness
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def scored(task, artifact):
    examples = task.examples({"model": artifact})
    model = LanguageModel.load(artifact.path("model"))
    steps = []
    prompts = [task.prompt(e) for e in examples]
    answers = task.answers(model, prompts, lambda *step: steps.append(step))
    assert steps[-1] == ("attacking", len(examples), len(examples))
    items = task.score(examples, answers)
    before = task.score(examples, task.baselines({}, examples, model, answers, None)["unattacked"])
    return items, {m.name: (m.value(items), m.value(before)) for m in task.metrics(examples)}, task.details(items)


def test_figures_before_and_after_fit_together(tmp_path):
    items, figures, details = scored(Robustness(num_items=20, seed=1), TINY["classifier"](tmp_path))
    after, before = figures["accuracy"]
    assert after <= before
    assert figures["attack_lost"][0] == pytest.approx(before - after)
    assert figures["attack_lost"][1] == 0
    assert len(items["id"]) == 20 and all(q <= 200 for q in items["queries"])
    changed = [a != b for a, b in zip(items["original"], items["attacked"], strict=True)]
    assert changed == [share > 0 for share in items["changed"]]
    assert "at least 4 letters" in details["constraints"] and details["seed"] == 1


def test_the_same_items_are_attacked_in_the_same_way_every_time(tmp_path):
    artifact = TINY["classifier"](tmp_path)
    assert scored(Robustness(num_items=9), artifact)[0] == scored(Robustness(num_items=9), artifact)[0]


def test_the_validation_part_can_be_attacked_to_choose_by(tmp_path):
    examples = Robustness(part="validation").examples({"model": TINY["classifier"](tmp_path)})
    assert [e.record.id for e in examples] == [r.id for r in TINY["text_records"]("validation", 20)]


@pytest.mark.parametrize("attack", [Context(), EntitySwap()])
def test_taggers_are_attacked_around_and_on_their_entities(tmp_path, attack):
    items, figures, _ = scored(Robustness(attack=attack, num_items=12), TINY["tagger"](tmp_path))
    assert set(figures) == {"entity_f1", "attack_lost", "attack_success", "attack_queries", "attack_changed"}
    for words, gold, predicted in zip(items["words"], items["gold"], items["predicted"], strict=True):
        assert len(words) == len(gold) == len(predicted)


def test_an_attack_and_data_of_another_kind_are_refused(tmp_path):
    with pytest.raises(RecipeError, match="attack 'context' changes a WordsRecord"):
        Robustness(attack=Context()).examples({"model": TINY["classifier"](tmp_path)})
