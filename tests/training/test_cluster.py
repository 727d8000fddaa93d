import pytest

from firstwords.compute.accelerators import accelerator
from firstwords.errors import CannotFit
from firstwords.model.config import ModelConfig
from firstwords.model.cost import num_parameters, training_flops_per_token
from firstwords.model.presets import PRESETS
from firstwords.training.cluster import cluster_plan, footprint

GIBIBYTE = 2**30


def config(name):
    return ModelConfig(layout="qwen3", vocab_size=PRESETS[name].vocab_size, **PRESETS[name].sizes())


def plan(name, gpu, num_gpus, **given):
    return cluster_plan(
        config(name), **({"tokens": 10**9, "batch_tokens": 2**19} | given), card=accelerator(gpu), num_gpus=num_gpus
    )


def test_a_small_model_is_simply_copied():
    found = plan("124M", "h100", 8)
    assert (found.sharding, found.checkpointing, found.limit) == ("none", False, "arithmetic")
    assert found.batch_tokens == 2**19
    flops = training_flops_per_token(config("124M"))
    assert found.tokens_per_second == pytest.approx(8 * 989e12 * 0.4 / flops)
    assert found.seconds == pytest.approx(1e9 / found.tokens_per_second)
    assert found.gpu_hours == pytest.approx(8 * found.seconds / 3600)
    assert found.kilowatt_hours == pytest.approx(found.gpu_hours * 0.7)


def test_eight_billion_parameters_are_sharded_as_published_runs_are():
    found = plan("8B", "h100", 8)
    assert found.sharding == "fsdp"
    # torchtitan and OLMo-core: 6,700 to 10,000 tokens a second on each card at this size.
    assert 5000 < found.tokens_per_second / 8 < 10_000
    # 16 bytes a parameter and an eighth of that: at least 14 GiB of states on each of eight cards.
    states = found.memory.weights + found.memory.gradients + found.memory.optimizer
    assert states > 12 * num_parameters(config("8B")) / 8
    assert found.memory.total <= 80 * GIBIBYTE


def test_little_memory_shrinks_the_pieces_then_recomputes():
    wide, narrow = plan("3B", "h200", 8), plan("3B", "rtx4090", 8)
    assert narrow.micro_tokens < wide.micro_tokens
    assert narrow.memory.total <= accelerator("rtx4090").memory_bytes
    kept = [
        footprint(config("3B"), 8192, num_gpus=8, sharding="fsdp", checkpointing=each).activations
        for each in (False, True)
    ]
    assert kept[1] < kept[0] / 5


def test_small_updates_wait_for_slow_links():
    assert plan("124M", "l40s", 8, batch_tokens=2**15).limit == "links"
    assert plan("124M", "l40s", 8).limit == "arithmetic"


def test_what_does_not_fit_says_how_many_would_do():
    with pytest.raises(CannotFit, match="about 16 such cards would do"):
        plan("8B", "rtx4090", 1)
    assert plan("8B", "rtx4090", 16)


def test_more_cards_are_faster_and_cost_no_less():
    one, many = plan("1B", "h100", 1), plan("1B", "h100", 64)
    assert many.tokens_per_second > 40 * one.tokens_per_second
    assert many.gpu_hours >= one.gpu_hours * 0.999
