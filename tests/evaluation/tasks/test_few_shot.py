"""The task asks as the definitions say: a cache changes nothing, overlaps are refused, draws repeat."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.data.datasets.table import Table
from firstwords.errors import RecipeError
from firstwords.evaluation import few_shot
from firstwords.evaluation.tasks.few_shot import FewShot
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_artifacts.py"))


def quiet(*_):
    pass


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    found = LanguageModel.load(TINY["causal_model"](tmp_path_factory.mktemp("m")).path("model"))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():  # a new model sees nothing but a token itself
        for parameter in found.model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return found


@pytest.fixture
def data(tmp_path):
    names, rows = ("list", "name", "json"), []
    for n in range(40):
        rows += [f"{names[k]} {n}\t{names[k]}" for k in range(3)]
    (tmp_path / "train.tsv").write_text("text\tlabel\n" + "\n".join([*rows, "new value\tlist"]) + "\n")
    asked = [f"{names[n % 3]} value {n}\t{names[n % 3]}" for n in range(12)]
    (tmp_path / "test.tsv").write_text("text\tlabel\n" + "\n".join([*asked, "New VALUE!\tlist"]) + "\n")
    return Table(path=str(tmp_path / "train.tsv"), test=str(tmp_path / "test.tsv"), validation_share=0.0)


@pytest.mark.parametrize("scoring", ["direct", "per_token", "per_byte", "pmi", "channel"])
def test_scores_are_those_of_plain_log_likelihoods(model, data, scoring) -> None:
    task = FewShot(data=data, num_examples=2, draws=1, scoring=scoring)
    this = task.examples({})[0].asked.round
    labels = list(this.pool)
    texts = ["json value", "the list"]
    examples = few_shot.random_examples(this.pool, 2, 0, 0)
    found = task._scores(model, texts, [examples] * 2, labels)
    for row, text in enumerate(texts):
        pairs = few_shot.prompt_pairs(examples, text, labels, scoring, task.max_words)
        for column, (context, continuation) in enumerate(pairs):
            expected = model.log_likelihood(context, continuation)
            if scoring == "per_token":
                whole, given = model.tokenizer.encode(context + continuation), model.tokenizer.encode(context)
                expected /= len(whole) - len(given)
            elif scoring == "per_byte":
                expected /= len(continuation.encode())
            elif scoring == "pmi":
                expected -= model.log_likelihood("Label:", f" {labels[column]}\n")
            assert found[row, column] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("selection", ["random", "similarity", "diversity"])
@pytest.mark.parametrize("calibration", ["none", "contextual", "batch"])
def test_every_way_answers_every_text_the_same_twice(model, data, selection, calibration) -> None:
    task = FewShot(data=data, num_examples=3, draws=2, items=4, selection=selection, calibration=calibration)
    examples = task.examples({})
    prompts = [task.prompt(each) for each in examples]
    answers = task.answers(model, prompts, quiet)
    assert len(answers) == len(examples) == 8
    assert answers == task.answers(model, prompts, quiet)
    assert set(answers) <= {"list", "name", "json"}


def test_texts_that_are_asked_are_no_examples(data) -> None:
    examples = FewShot(data=data, draws=1, items=None).examples({})
    this = examples[0].asked.round
    assert this.num_refused == 1
    assert all(record.text != "new value" for record in this.pool["list"])


def test_ways_draws_labels_and_items_are_those_asked_for(data) -> None:
    task = FewShot(data=data, ways=2, draws=6, items=5)
    examples = task.examples({})
    rounds = {each.asked.round.number: tuple(each.asked.round.pool) for each in examples}
    assert all(len(labels) == 2 for labels in rounds.values()) and len(set(rounds.values())) > 1
    assert all(each.record.label in rounds[each.asked.round.number] for each in examples)
    items = task.score(examples, [task.gold(each) for each in examples])
    assert task.details(items)["draws"] == [1.0] * 6 and task.details(items)["ways"] == [2]


def test_baselines_stand_beside_it(model, data) -> None:
    task = FewShot(data=data, num_examples=3, draws=2, items=6)
    examples = task.examples({})
    found = task.baselines({}, examples, model, [], quiet)
    assert set(found) == {"chance", "majority", "zero-shot", "TF-IDF"}
    assert found["chance"]["accuracy"] == pytest.approx(1 / 3)
    right = np.mean([a == e.record.label for a, e in zip(found["TF-IDF"], examples, strict=True)])
    assert right > 0.6  # each text names its label


def test_what_cannot_be_asked_is_refused(data, tmp_path) -> None:
    with pytest.raises(RecipeError, match="ways 9, but the data has 3 labels"):
        FewShot(data=data, ways=9).examples({})
    (tmp_path / "one.tsv").write_text("text\tlabel\na b\tx\nc d\tx\n")
    with pytest.raises(RecipeError, match="fewer than two labels"):
        FewShot(data=Table(path=str(tmp_path / "one.tsv"), test_share=0.5)).examples({})
