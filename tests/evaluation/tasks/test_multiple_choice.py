import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.evaluation.tasks.multiple_choice import MultipleChoice

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("choices")
    return str(SHARED["TINY"]["questions"](root)), SHARED["noisy_model"](root / "causal")


def test_answers_are_judged_behind_their_questions(made):
    path, model = made
    examples, _, items = SHARED["asked"](MultipleChoice(path=path, delimiter="\nAnswer: "), model)
    for number in (1, 7):
        pairs = zip(examples[number].contexts, examples[number].choices, strict=True)
        wanted = [model.log_likelihood(context, choice) for context, choice in pairs]
        assert items["log_likelihoods"][number] == pytest.approx(wanted, abs=1e-4)
    assert examples[1].contexts[0] == "the list of names 1\nAnswer:" and examples[1].choices[1] == " json"
    assert items["characters"][1] == [15, 4, 8]


def test_a_prompt_does_not_tell_the_right_answer(made):
    task = MultipleChoice(path=made[0])
    first = task.examples({})[0]
    assert task.prompt(first) == task.prompt(first._replace(gold=2))


def test_answered_questions_stand_in_front_and_are_others(made):
    task = MultipleChoice(path=made[0], shots=2)
    for shown, plain in zip(task.examples({}), MultipleChoice(path=made[0]).examples({}), strict=True):
        assert shown.contexts[0].endswith(plain.contexts[0]) and shown.contexts[0].count("\n\n") == 2
        assert plain.shown + "\n\n" not in shown.contexts[0]
    assert task.fingerprint() == MultipleChoice(path=made[0]).fingerprint()


def test_what_the_question_adds_is_a_figure_of_its_own(made):
    path, model = made
    task = MultipleChoice(path=path, without_question="Answer:")
    examples, _, items = SHARED["asked"](task, model)
    alone = model.log_likelihood("Answer:", examples[0].choices[2])
    assert items["log_likelihoods_alone"][0][2] == pytest.approx(alone, abs=1e-4)
    metrics = task.metrics(examples)
    assert [m.name for m in metrics].count("choice_accuracy_pmi") == 1
    assert all(np.isfinite(m.value(items)) for m in metrics)


def test_chance_and_the_longest_answer_stand_beside(made):
    path, model = made
    task = MultipleChoice(path=path)
    examples = task.examples({})
    found = task.baselines({}, examples, model, [], lambda *_: None)
    assert found["chance"]["choice_accuracy"] == pytest.approx((6 / 3 + 6 / 2) / 12)
    assert found["chance"]["centred_accuracy"] == 0.0
    # "returns a value" is the longest of three, right in two of six; in the other six both are equally long.
    assert found["longest"]["choice_accuracy"] == pytest.approx((2 + 3) / 12)
