import runpy
import time
from pathlib import Path

import pytest
import torch

from firstwords.model.config import ModelConfig
from firstwords.training import probe
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.masked_lm import MaskedLM
from firstwords.training.probe import Stopwatch, matrix_peak

STORE = runpy.run_path(str(Path(__file__).parent / "tiny_store.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    return STORE["make_store"](folder), folder / "tokens"


def config(tokenizer, layout, width=32, depth=1):
    return ModelConfig.from_depth(
        depth,
        layout=layout,
        vocab_size=tokenizer.vocab_size,
        width=width,
        num_heads=2,
        context=32,
        mask_id=tokenizer.mask,
    )


@pytest.mark.parametrize(("objective", "layout"), [(CausalLM(), "qwen3"), (MaskedLM(), "eurobert")])
def test_speed_is_measured_on_real_rows(made, objective, layout):
    tokenizer, store = made
    speed = Stopwatch(objective, store)(config(tokenizer, layout), 0.5)
    assert 0 < speed.seconds_per_token < 0.1
    assert 0 < speed.seconds_per_update < 5


def test_memory_is_measured_too(made):
    tokenizer, store = made
    found = Stopwatch(CausalLM(), store)(config(tokenizer, "qwen3", 64, 2), 1.0).footprint
    if found is not None:  # where the system counts peaks
        assert 2**26 < found.peak_bytes < 2**33
        assert found.bytes_per_token > 0


def test_a_larger_model_is_slower(made):
    tokenizer, store = made
    stopwatch = Stopwatch(CausalLM(), store)
    small, large = (stopwatch(config(tokenizer, "qwen3", width, depth), 1.0) for width, depth in ((16, 1), (256, 4)))
    assert large.seconds_per_token > 2 * small.seconds_per_token
    assert large.seconds_per_update > 2 * small.seconds_per_update


def test_without_time_one_step_is_timed_and_one_tells_the_memory(made, monkeypatch):
    tokenizer, store = made
    stopwatch = Stopwatch(CausalLM(), store)
    steps = []
    original = Stopwatch._step
    monkeypatch.setattr(probe.Stopwatch, "_step", lambda *given: steps.append(1) or original(*given))
    assert stopwatch(config(tokenizer, "qwen3"), 0.0).seconds_per_token > 0
    assert len(steps) == 3  # the first only makes buffers


def test_what_the_first_step_loads_is_not_taken_off_the_time(made, monkeypatch):
    tokenizer, store = made
    lengths, original = [], Stopwatch._step

    def step(self, lanes, optimizer, rows, *more):
        if not lengths:
            time.sleep(1.2)
        lengths.append(len(rows))
        return original(self, lanes, optimizer, rows, *more)

    monkeypatch.setattr(probe.Stopwatch, "_step", step)
    Stopwatch(CausalLM(), store)(config(tokenizer, "qwen3"), 1.0)
    assert lengths[:2] == [1, 1] and min(lengths[2:]) > 1 and len(lengths) > 3


def test_the_global_random_state_is_left_alone(made):
    tokenizer, store = made
    state = torch.random.get_rng_state()
    Stopwatch(MaskedLM(), store)(config(tokenizer, "eurobert"), 0.0)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_peak_of_matrix_products_is_a_speed():
    assert 1e8 < matrix_peak() < 1e14
