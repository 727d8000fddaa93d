import json
import runpy
import time
from pathlib import Path

import pytest

from firstwords.artifact import Artifact
from firstwords.console import SilentConsole
from firstwords.errors import CannotFit, RecipeError
from firstwords.model.config import ModelConfig
from firstwords.recipe import build
from firstwords.stage import Work
from firstwords.stages import configure
from firstwords.stages.configure import Configure
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.settings import TrainSettings

STORE = runpy.run_path(str(Path(__file__).parents[1] / "training" / "tiny_store.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    STORE["make_store"](folder)
    return folder


def run(made, folder, **fields):
    inputs = {role: Artifact(role, made / role) for role in ("tokens", "tokenizer")}
    work = Work(name="configure.x", folder=folder, inputs=inputs, pool=None, console=SilentConsole(), threads=1)
    outcome = build(Configure, fields).run(work)
    return json.loads((folder / "plan.json").read_text()), outcome


def test_a_budget_becomes_a_plan_in_a_few_seconds(made, tmp_path):
    begin = time.monotonic()
    plan, outcome = run(made, tmp_path / "out", budget="30s", model={"context": 32})
    assert time.monotonic() - begin < 30  # 6 s on a quiet machine
    assert ModelConfig(**plan["model"]).context == 32
    assert build(TrainSettings, plan["training"]).tokens
    assert outcome.summary.startswith(f"{plan['model']['num_layers']} layers x {plan['model']['width']}, ")
    assert [name for name, _, _ in outcome.reasons] == [each["name"] for each in plan["reasons"]]
    assert plan["cost"]["parameters"] == outcome.counts["parameters"]


def test_numbers_by_hand_need_no_clock(made, tmp_path):
    plan, outcome = run(
        made,
        tmp_path / "out",
        objective="masked_lm",
        tokens="5k",
        model={"depth": 1, "width": 32, "num_heads": 2, "context": 32},
        training={"batch_tokens": 256},
        seed=3,
    )
    assert plan["training"]["tokens"] == 5000
    assert (plan["training"]["batch_tokens"], plan["training"]["seed"]) == (256, 3)
    assert plan["model"]["layout"] == "eurobert"
    assert ("batch_tokens", "256", "set by hand") in outcome.reasons


def test_a_store_of_another_tokenizer_is_refused(made, tmp_path):
    (tmp_path / "tokens").mkdir()
    header = json.loads((made / "tokens" / "index.json").read_text()) | {"vocab_size": 9}
    (tmp_path / "tokens" / "index.json").write_text(json.dumps(header))
    (tmp_path / "tokenizer").symlink_to(made / "tokenizer")
    with pytest.raises(RecipeError, match="made with another tokenizer"):
        run(tmp_path, tmp_path / "out", budget="30s")


def test_a_model_beyond_memory_is_refused(made, tmp_path):
    with pytest.raises(CannotFit, match="GiB to train"):
        run(made, tmp_path / "out", tokens="1k", model={"depth": 4, "width": 65_536})


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ({"depth": 4000}, CannotFit, "4000 layers x 256000 need"),
        ({"width": 100, "num_heads": 7}, RecipeError, "width 100 is not a multiple of num_heads 7"),
        ({"head_size": 3, "num_heads": 2}, RecipeError, "head_size 3 is odd"),
    ],
)
def test_impossible_sizes_are_refused_before_anything_runs(model, error, message, monkeypatch):
    monkeypatch.setattr(configure, "has_driver", lambda: False)
    with pytest.raises(error, match=message):
        build(Configure, {"model": model}).check()


def test_what_a_gpu_holds_is_not_asked_of_the_processor(monkeypatch):
    monkeypatch.setattr(configure, "has_driver", lambda: True)
    build(Configure, {"model": {"depth": 4000}}).check()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"budget": "3min", "tokens": "1M"}, "only one of budget, tokens and flops"),
        ({"budget": "3 apples"}, "not a duration"),
        ({"budget": 0}, "budget"),
        ({"model": {"dept": 4}}, "depth"),
        ({"training": {"matrix_rat": 1}}, "matrix_rate"),
        ({"training": {"warmup_share": 0.9}}, "exceed 1"),
        ({"objective": "sequence_classification"}, "fine-tunes; it cannot pre-train"),
        ({"objective": "causal"}, "causal_lm"),
    ],
)
def test_mistakes_are_told_when_the_recipe_is_read(fields, message):
    with pytest.raises(RecipeError, match=message):
        build(Configure, fields)


def test_what_follows_depends_on_the_numbers_found():
    assert Configure.resolves
    assert isinstance(build(Configure, {}).objective, CausalLM)


def test_a_hybrid_is_a_llama_that_knows_both_sides(made, tmp_path):
    sizes = {"model": {"depth": 1, "width": 32, "num_heads": 2, "context": 32}, "tokens": "5k"}
    objective = {"kind": "hybrid_lm", "masked": {"unit": "span"}}
    plan, _ = run(made, tmp_path / "out", objective=objective, training={"batch_tokens": 256}, **sizes)
    config = ModelConfig(**plan["model"])
    assert (config.layout, config.hybrid, config.qk_norm) == ("llama", True, False)
    with pytest.raises(RecipeError, match="a hybrid one a 'llama'"):
        run(made, tmp_path / "not", objective="hybrid_lm", tokens="5k", model={"depth": 1, "layout": "qwen3"})


def test_infilling_without_its_tokens_is_refused_before_anything_is_timed(made, tmp_path):
    with pytest.raises(RecipeError, match="infilling = true"):
        run(made, tmp_path / "out", objective={"kind": "causal_lm", "infilling_rate": 0.5}, tokens="5k")
