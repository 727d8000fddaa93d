"""The sharding engine on one rank is the single engine; more ranks are in `tests/distributed`."""

import math
import runpy
from pathlib import Path

import pytest
import torch

from firstwords.compute import ranks
from firstwords.compute.engine import write
from firstwords.compute.engines.fsdp import Fsdp
from firstwords.compute.engines.single import Single
from firstwords.training.optimizer import Optimizer, updated_whole

TINY = runpy.run_path(str(Path(__file__).parents[2] / "training" / "tiny_run.py"))
SETTINGS = TINY["TrainSettings"](**TINY["SETTINGS"])


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    yield
    ranks.leave()


def begin(engine):
    objective = TINY["make_objective"]("causal_lm")
    model = engine.prepare(TINY["make_model"](objective, torch.float64, seed=2))
    optimizer = Optimizer(model, SETTINGS, engine.shares(model, updated_whole(model, SETTINGS)))
    return objective, model, optimizer


def advance(engine, objective, model, optimizer, num_steps=3, scale=1.0):
    loader = TINY["Loader"](TINY["make_rows"](), seed=1, rows_per_step=4, num_positions=40, micro_tokens=64)
    norms = []
    for step in range(num_steps):
        for micro in loader.micro_batches(step):
            loss, _ = objective.loss(model, objective.collate(micro.examples, micro.draws, model.config), micro.draws)
            engine.backward(loss * scale)
        norms.append(engine.step(model, optimizer, count=128.0, max_norm=1.0, factor=1.0))
    return norms


def weights(engine, model):
    return {name: p.detach().clone() for name, p in engine.whole(model).named_parameters()}


def test_it_makes_the_steps_of_the_single_engine_and_continues_from_its_files(tmp_path):
    single = Single(device="cpu")
    expected = begin(single)
    norms = advance(single, *expected)
    write(single.snapshot(*expected[1:]), tmp_path)
    norms += advance(single, *expected)

    sharded = Fsdp(device="cpu", activation_checkpointing=True)
    state = begin(sharded)
    assert advance(sharded, *state) == pytest.approx(norms[:3], rel=1e-12)
    snapshot = sharded.snapshot(*state[1:])
    stored = single.snapshot(*expected[1:])
    assert {file: list(tensors) for file, tensors in snapshot.items()} == {f: list(t) for f, t in stored.items()}

    state = begin(sharded)
    sharded.load(tmp_path, *state[1:])
    assert advance(sharded, *state) == pytest.approx(norms[3:], rel=1e-12)
    found, wanted = weights(sharded, state[1]), weights(single, expected[1])
    assert list(found) == list(wanted)
    # The same work in another memory layout: roundings of float64.
    assert all(torch.allclose(found[name], wanted[name], atol=1e-13) for name in wanted)


def test_a_missing_weight_is_noticed(tmp_path):
    engine = Fsdp(device="cpu")
    _, model, optimizer = begin(engine)
    snapshot = engine.snapshot(model, optimizer)
    del snapshot["model.safetensors"]["backbone.norm.weight"]
    write(snapshot, tmp_path)
    with pytest.raises(KeyError, match=r"backbone\.norm\.weight"):
        engine.load(tmp_path, model, optimizer)


def test_nothing_is_updated_from_what_is_not_finite():
    engine = Fsdp(device="cpu")
    objective, model, optimizer = begin(engine)
    before = weights(engine, model)
    assert math.isnan(advance(engine, objective, model, optimizer, num_steps=1, scale=math.nan)[0])
    after = weights(engine, model)
    assert all(torch.equal(before[name], after[name]) for name in before)
