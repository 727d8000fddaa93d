import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.evaluation.tasks.pairs import Pairs

SHARED = runpy.run_path(str(Path(__file__).parent / "shared.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return SHARED["noisy_model"](tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def path(tmp_path):
    (tmp_path / "mine.csv").write_text(
        "before,right,wrong,sort\nthe list,of names,names of,order\n,json,jsno,spelling\n"
    )
    return str(tmp_path / "mine.csv")


def test_columns_are_named_and_the_context_may_be_empty(model, path):
    task = Pairs(path=path, good="right", bad="wrong", context="before", kind="sort")
    examples, _, items = SHARED["asked"](task, model)
    assert items["good"][0] == pytest.approx(model.log_likelihood("the list", "of names"), abs=1e-4)
    assert items["bad"][1] == pytest.approx(model.log_likelihood("", "jsno"), abs=1e-4)
    names = [metric.name for metric in task.metrics(examples)]
    assert names == ["minimal_pairs", "minimal_pairs (order)", "minimal_pairs (spelling)"]
    tokens = len(model.tokenizer.encode("json"))
    per_token = SHARED["asked"](Pairs(path=path, good="right", bad="wrong", per="token"), model)[2]
    assert per_token["good"][1] == pytest.approx(items["good"][1] / tokens, abs=1e-4)


def test_the_order_in_the_file_is_not_shown(path):
    task = Pairs(path=path, good="right", bad="wrong")
    swapped = Pairs(path=path, good="wrong", bad="right")
    assert [task.prompt(e) for e in task.examples({})] == [swapped.prompt(e) for e in swapped.examples({})]


def test_a_missing_column_is_named(path):
    with pytest.raises(RecipeError, match=r":2 has no text 'good'. It has: before, right, wrong, sort"):
        Pairs(path=path).examples({})
