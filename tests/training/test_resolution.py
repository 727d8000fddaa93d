import json

import pytest

from firstwords.errors import CannotFit, RecipeError
from firstwords.model.config import ModelConfig
from firstwords.model.cost import training_flops_per_token
from firstwords.model.sizes import ModelSizes
from firstwords.recipe import build
from firstwords.training.footprint import Footprint
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.masked_lm import MaskedLM
from firstwords.training.rehearsal import Taken
from firstwords.training.resolution import HALF_BYTES, RUN_BYTES, Corpus, Demand, resolve
from firstwords.training.settings import TrainSettings
from firstwords.training.sizing import Speed, optimizer_flops, wanted_tokens

CORPUS = Corpus(vocab_size=4096, end_of_text=0, pad=1, mask=2, train_tokens=1_200_000, validation_tokens=50_000)
GIBIBYTE = 2**30


def machine(gigaflops, measured=None):
    def measure(config, seconds):
        if measured is not None:
            measured.append(config)
        return Speed(
            training_flops_per_token(config) / gigaflops / 1e9, (optimizer_flops(config) + 1) / gigaflops / 1e9
        )

    return measure


def plan_for(*, objective=None, memory=20 * GIBIBYTE, gigaflops=100, training=None, corpus=CORPUS, **given):
    sizes = ModelSizes(**given.pop("model", {}))
    demand = Demand(
        objective or CausalLM(), given.get("budget"), given.get("tokens"), sizes, training or {}, 7, given.get("flops")
    )
    return resolve(demand, corpus, machine(gigaflops), memory)


def reasons(plan):
    return {each["name"]: each for each in plan["reasons"]}


@pytest.mark.parametrize("budget", [60, 180, 3600, 86_400])
def test_a_plan_fits_its_budget(budget):
    plan = plan_for(budget=budget)
    assert plan["cost"]["seconds"] <= budget * 1.001
    assert plan["cost"]["seconds"] > 0.9 * budget or plan["training"]["tokens"] > 3.9 * CORPUS.train_tokens


def test_more_time_and_more_text_give_a_larger_model():
    depths = [plan_for(budget=budget)["model"]["num_layers"] for budget in (60, 3600, 10 * 86_400)]
    assert depths == sorted(depths)
    assert depths[0] < depths[-1]
    rich = Corpus(4096, 0, 1, 2, 10**10, 50_000)
    assert plan_for(budget=10 * 86_400, corpus=rich)["model"]["num_layers"] > depths[-1]


def test_a_plan_is_what_training_reads():
    plan = json.loads(json.dumps(plan_for(budget=180)))
    config = ModelConfig(**plan["model"])
    settings = build(TrainSettings, plan["training"])
    assert settings.seed == 7
    assert (config.pad_id, config.eos_id, config.mask_id, config.layout) == (1, 0, 2, "qwen3")
    assert settings.rows_per_step(config.context) >= 1
    assert "checkpoint_seconds" not in plan["training"]
    assert set(plan) == {"model", "training", "reasons", "probe", "cost"}
    assert plan["probe"]["measured"]


def test_every_number_that_is_derived_has_a_reason():
    by_name = reasons(plan_for(budget=180))
    sizes = {"num_layers", "width", "num_heads", "mlp_width", "context", "tokens", "batch_tokens", "micro_tokens"}
    assert sizes | {"matrix_rate", "embedding_rate", "warmup_share", "decay_share"} <= set(by_name)
    assert "on this machine" in by_name["num_layers"]["reason"]


def test_a_masked_model_is_bidirectional_and_cheaper():
    masked, causal = (plan_for(budget=180, objective=each, model={"depth": 3}) for each in (MaskedLM(), CausalLM()))
    assert masked["model"]["layout"] == "eurobert"
    assert masked["cost"]["flops_per_token"] < causal["cost"]["flops_per_token"]
    with pytest.raises(RecipeError, match="'qwen3' does not go with the objective 'masked_lm'"):
        plan_for(budget=180, objective=MaskedLM(), model={"layout": "qwen3"})


def test_sizes_and_rates_by_hand_are_kept():
    plan = plan_for(
        budget=600,
        model={"depth": 3, "width": 256, "num_heads": 2},
        training={"matrix_rate": 0.05, "batch_tokens": 1024},
    )
    assert (plan["model"]["width"], plan["model"]["num_heads"], plan["model"]["head_size"]) == (256, 2, 128)
    assert (plan["training"]["matrix_rate"], plan["training"]["batch_tokens"]) == (0.05, 1024)
    by_name = reasons(plan)
    assert all(
        by_name[name]["reason"] == "set by hand" for name in ("num_layers", "width", "matrix_rate", "batch_tokens")
    )


def test_tokens_by_hand_are_kept_exactly_and_give_the_size():
    small, large = plan_for(tokens=5_000_001), plan_for(tokens=500_000_000)
    assert small["training"]["tokens"] == 5_000_001
    assert large["model"]["num_layers"] >= small["model"]["num_layers"]
    assert plan_for(tokens=1000, model={"depth": 4})["model"]["num_layers"] == 4


def test_a_size_without_a_budget_gives_the_tokens():
    plan = plan_for(model={"depth": 2, "width": 32, "num_heads": 2})
    assert plan["training"]["tokens"] == wanted_tokens(ModelConfig(**plan["model"]))
    assert plan_for(model={"depth": 12})["training"]["tokens"] == 4 * CORPUS.train_tokens


def test_what_does_not_fit_is_refused_with_numbers():
    with pytest.raises(CannotFit, match=r"48 layers x 3072 needs .* GiB to train; 20 GiB are free"):
        plan_for(tokens=1000, model={"depth": 48})
    with pytest.raises(CannotFit, match="2 layers x 128 needs"):
        plan_for(budget=60, memory=2**27)


def test_little_memory_shrinks_the_pieces_first():
    whole = plan_for(tokens=10**6, model={"depth": 8})
    tight = plan_for(tokens=10**6, model={"depth": 8}, memory=int(whole["cost"]["memory_bytes"]))
    assert tight["training"]["micro_tokens"] < whole["training"]["micro_tokens"] == 4096
    assert tight["cost"]["memory_bytes"] <= 0.8 * whole["cost"]["memory_bytes"]


def test_a_budget_that_is_too_short_is_refused():
    with pytest.raises(CannotFit, match="Give more time"):
        plan_for(budget=10, gigaflops=0.5)


@pytest.mark.parametrize("training", [{}, {"batch_tokens": 2048}])
def test_a_bad_moment_of_the_machine_refuses_no_training(training):
    calls = []

    def measure(config, seconds):
        calls.append(config)
        return machine(0.5 if len(calls) < 2 else 500)(config, seconds)

    demand = Demand(CausalLM(), 20, None, ModelSizes(depth=4), training, 7)
    plan = resolve(demand, CORPUS, measure, 20 * GIBIBYTE)
    assert plan["training"]["tokens"] >= 10 * plan["training"]["batch_tokens"]
    assert plan["probe"]["measured"][-1]["gigaflops"] > 400


def test_contradictions_are_refused():
    with pytest.raises(RecipeError, match="batch_tokens 1,000 is not a multiple of 256"):
        plan_for(budget=180, training={"batch_tokens": 1000})
    with pytest.raises(RecipeError, match="width 100 is not a multiple of num_heads 3"):
        plan_for(budget=180, model={"depth": 2, "width": 100, "num_heads": 3})
    with pytest.raises(RecipeError, match="matrix_rat"):
        plan_for(budget=180, training={"matrix_rat": 1})


RICH = Corpus(4096, 0, 1, 2, 10**12, 50_000)


def test_flops_give_size_and_tokens():
    plan = plan_for(flops=1e17, corpus=RICH, memory=200 * GIBIBYTE)
    assert plan["cost"]["flops"] == pytest.approx(1e17, rel=0.01)
    assert plan_for(flops=1e15, corpus=RICH)["model"]["num_layers"] < plan["model"]["num_layers"]
    assert "FLOPs" in reasons(plan)["num_layers"]["reason"]
    assert "1e+17 FLOPs allow" in reasons(plan)["tokens"]["reason"]
    with pytest.raises(CannotFit, match="FLOPs are enough for"):
        plan_for(flops=1e10)


def test_presets_and_numbers_of_parameters_give_the_size():
    plan = plan_for(model={"preset": "3M"}, tokens=10**6)
    assert (plan["model"]["num_layers"], plan["model"]["width"]) == (5, 192)
    assert reasons(plan)["num_layers"]["reason"].startswith("preset 3M")
    plan = plan_for(model={"parameters": 5_000_000}, budget=600)
    assert plan["cost"]["parameters"] == pytest.approx(5e6, rel=0.08)
    assert "asked for" in reasons(plan)["width"]["reason"]


def test_memory_that_was_measured_is_what_is_told():
    def measure(config, seconds):
        return Speed(1e-6, 1e-3, Footprint(1000, 300 * 2**20, 2**16))

    for batch, at_once in ((8192, 4096), (2048, 2048)):  # an update may be smaller than what fits at once
        demand = Demand(CausalLM(), None, 10**6, ModelSizes(depth=3), {"batch_tokens": batch}, 0)
        plan = resolve(demand, CORPUS, measure, 20 * GIBIBYTE)
        assert plan["cost"]["memory_bytes"] == 300 * 2**20 + (at_once - 1000) * 2**16 + RUN_BYTES


def test_only_what_can_be_measured_in_time_is_measured():
    measured = []
    demand = Demand(CausalLM(), 10**7, None, ModelSizes(), {}, 0)
    plan = resolve(demand, Corpus(4096, 0, 1, 2, 10**12, 0), machine(100, measured), 100 * GIBIBYTE)
    assert plan["model"]["num_layers"] > 8
    # Four rows of the chosen model would take longer than the probe may.
    assert [config.num_layers for config in measured] == [2]
    few = []
    resolve(Demand(CausalLM(), 3600, None, ModelSizes(), {}, 0), CORPUS, machine(100, few), 20 * GIBIBYTE)
    assert 2 <= len(few) <= 4
    assert len(set(few)) == len(few)


def in_two_precisions(gain, asked):
    """A machine that is so many times as fast in bfloat16."""
    plain = machine(100)

    def measure(config, seconds, precision="float32"):
        asked.append(precision)
        speed = plain(config, seconds)
        if precision == "bfloat16":
            return Speed(speed.seconds_per_token / gain, speed.seconds_per_update)
        return speed

    return measure


def half_plan(gain, half_gain, training=None, **given):
    asked = []
    demand = Demand(CausalLM(), given.get("budget"), given.get("tokens"), ModelSizes(), training or {}, 7)
    return resolve(demand, CORPUS, in_two_precisions(gain, asked), 20 * GIBIBYTE, half_gain), asked


def test_half_precision_is_taken_where_whole_steps_gain():
    plan, _ = half_plan(1.6, 2.5, budget=600)
    slow, _ = half_plan(1.6, 0.01, budget=600)
    assert plan["training"]["precision"] == "bfloat16"
    assert "1.60 times" in reasons(plan)["precision"]["reason"]
    assert plan["cost"]["tokens_per_second"] > 1.3 * slow["cost"]["tokens_per_second"] or (
        plan["model"]["width"] > slow["model"]["width"]
    )
    assert plan["cost"]["seconds"] <= 600.6


def test_half_precision_is_left_where_whole_steps_gain_little():
    plan, asked = half_plan(1.1, 2.5, budget=600)
    assert "bfloat16" in asked
    assert plan["training"]["precision"] == "float32"
    assert "1.10 times" in reasons(plan)["precision"]["reason"]


def test_half_precision_is_not_tried_on_processors_without_units_for_it():
    plan, asked = half_plan(1.6, 0.01, tokens=2_000_000)
    assert set(asked) == {"float32"}
    assert plan["training"]["precision"] == "float32"
    assert "0.01 times as fast" in reasons(plan)["precision"]["reason"]


def test_a_precision_set_by_hand_is_the_only_one_measured():
    plan, asked = half_plan(0.1, 0.01, training={"precision": "bfloat16"}, budget=600)
    assert set(asked) == {"bfloat16"}
    assert reasons(plan)["precision"]["reason"] == "set by hand"


def rehearsed_plan(seconds_per_token, half_gain=0.01, **given):
    """A plan whose rehearsals take so long in each precision, and what was rehearsed."""
    asked = []

    def rehearse(config, settings):
        asked.append((config, settings))
        return Taken(
            seconds_per_token=seconds_per_token[settings.precision],
            looking_seconds_per_token=1e-6,
            micro_tokens=settings.micro_tokens,
            update_tokens=min(settings.batch_tokens, 2 * settings.micro_tokens),
            peak_bytes=777 * 2**20,
        )

    sizes = ModelSizes(**given.pop("model", {}))
    demand = Demand(CausalLM(), given.get("budget"), given.get("tokens"), sizes, given.get("training", {}), 7)
    measure = in_two_precisions(2.0, [])
    return resolve(demand, CORPUS, measure, 20 * GIBIBYTE, half_gain, rehearse=rehearse), asked


FIXED = {"depth": 4, "width": 128, "context": 64}


def test_a_long_run_is_rehearsed_and_its_tokens_follow_from_that():
    plan, asked = rehearsed_plan({"float32": 1e-4}, budget=60, model=FIXED)
    ((config, settings),) = asked
    assert config == ModelConfig(**plan["model"])
    assert settings.batch_tokens == plan["training"]["batch_tokens"]
    assert plan["cost"]["tokens_per_second"] == pytest.approx(1e4, rel=1e-6)
    assert 55 < plan["cost"]["seconds"] <= 60
    assert plan["training"]["tokens"] == pytest.approx(57e4, rel=0.02)
    assert plan["cost"]["memory_bytes"] == 777 * 2**20 + RUN_BYTES
    assert [each["rehearsed"] for each in plan["probe"]["measured"]][-1]


def test_both_precisions_are_rehearsed_once_and_the_faster_is_taken():
    plan, asked = rehearsed_plan({"float32": 1e-4, "bfloat16": 5e-5}, 2.5, budget=60, model=FIXED)
    assert [settings.precision for _, settings in asked] == ["float32", "bfloat16"]
    assert plan["training"]["precision"] == "bfloat16"
    assert plan["cost"]["tokens_per_second"] == pytest.approx(2e4, rel=1e-6)
    assert plan["cost"]["memory_bytes"] == 777 * 2**20 + RUN_BYTES + HALF_BYTES
    plan, asked = rehearsed_plan({"float32": 1e-4, "bfloat16": 9.9e-5}, 2.5, budget=60, model=FIXED)
    assert [settings.precision for _, settings in asked] == ["float32", "bfloat16"]
    assert plan["training"]["precision"] == "float32"
    assert plan["cost"]["tokens_per_second"] == pytest.approx(1e4, rel=1e-6)


def test_a_short_run_and_one_with_slow_steps_are_not_rehearsed():
    assert not rehearsed_plan({}, budget=30, model=FIXED)[1]
    slow = {"depth": 12, "width": 1536, "context": 1024}
    assert not rehearsed_plan({}, tokens=81_920, model=slow, training={"batch_tokens": 8192})[1]


def test_tokens_by_hand_stay_where_a_rehearsal_is_slower():
    plan, asked = rehearsed_plan({"float32": 1e-4}, tokens=2_000_000, model=FIXED)
    assert asked
    assert plan["training"]["tokens"] == 2_000_000
    assert plan["cost"]["seconds"] == pytest.approx(200, rel=0.05)


def test_a_rehearsal_that_is_far_slower_can_make_a_budget_too_short():
    with pytest.raises(CannotFit, match="60 s are enough for"):
        rehearsed_plan({"float32": 0.1}, budget=60, model=FIXED)
