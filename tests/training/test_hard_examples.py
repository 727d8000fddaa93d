import runpy
from pathlib import Path

import pytest

from firstwords.training.hard_examples import HardExamples, example_losses

OBJECTIVES = runpy.run_path(str(Path(__file__).parents[1] / "contracts" / "test_objectives.py"))


@pytest.mark.parametrize("kind", ["sequence_classification", "token_classification"])
def test_losses_of_examples_are_those_of_batches_of_one(kind):
    objective = OBJECTIVES["make_objective"](kind, {})
    model, examples = OBJECTIVES["make_model"](objective, False), OBJECTIVES["make_examples"](objective)
    found = example_losses(objective, model, examples)
    for example, loss in zip(examples, found, strict=True):
        total, count = OBJECTIVES["loss_of"](objective, model, [example], evaluating=True)
        assert loss == pytest.approx((total / count).item(), rel=1e-9)


def test_the_hardest_are_repeated_under_rows_of_their_own():
    objective = OBJECTIVES["make_objective"]("sequence_classification", {})
    examples = OBJECTIVES["make_examples"](objective)
    rows = HardExamples(model="finetune.first", share=0.34, times=3).repeated(examples, [0.1, 5.0, 0.2, 0.0, 3.0, 0.3])
    assert rows[:6] == examples
    assert [row.input_ids.tolist() for row in rows[6:]] == [examples[i].input_ids.tolist() for i in (1, 4, 1, 4)]
    assert [row.row for row in rows] == list(range(10))
