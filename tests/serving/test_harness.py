"""What the harness asks is answered as the model answers elsewhere; the harness itself is in `benchmarks/evaluate`."""

import importlib.util
import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.inference.language_model import LanguageModel
from firstwords.inference.sampling import GREEDY
from firstwords.serving.harness import continuations, log_likelihoods, register

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return LanguageModel.load(TINY["causal_model"](tmp_path_factory.mktemp("causal")).path("model"))


def test_white_space_belongs_to_the_continuation_and_pairs_keep_their_order(model):
    pairs = [("the list ", "of"), ("the list", " of names"), ("", "json"), ("the list", " of")]
    found = [value for value, _ in log_likelihoods(model, pairs)]
    wanted = model.log_likelihoods([("the list", " of"), *pairs[1:]])
    assert found == pytest.approx(wanted, abs=1e-4)


def test_every_request_has_its_own_settings(model):
    asked = [
        ("the list", {"until": ["\n"], "max_gen_toks": 4}),
        ("json", {"until": "a", "max_gen_toks": 6, "do_sample": False}),
        ("the list", {"until": [""], "max_gen_toks": 4, "temperature": 0.0, "do_sample": True}),
    ]
    found = continuations(model, asked)
    assert found[0] == model.generate_batch(["the list"], 4, GREEDY, stop=("\n",))[0]
    assert found[1] == model.generate_batch(["json"], 6, GREEDY, stop=("a",))[0]
    assert found[2] == model.generate_batch(["the list"], 4, GREEDY)[0]


@pytest.mark.skipif(importlib.util.find_spec("lm_eval") is not None, reason="the harness is installed")
def test_without_the_harness_the_message_names_the_extra():
    with pytest.raises(RecipeError, match=r"firstwords\[harness\]"):
        register()
