"""One process."""

import pytest
import torch
from torch import nn

from firstwords.compute.engines.single import Single
from firstwords.model.batch import Batch
from firstwords.recipe import configuration


def test_it_is_alone():
    engine = Single(device="cpu")
    assert (engine.rank, engine.num_ranks) == (0, 1)
    assert engine.sum(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_on_the_processor_a_batch_is_not_copied():
    batch = Batch.of([[1, 2], [3]])
    assert Single(device="cpu").place(batch) is batch


@pytest.mark.slow  # loads the compiler
def test_compilation_keeps_the_names_of_parameters():
    model = nn.Sequential(nn.Linear(2, 2))
    names = [name for name, _ in model.named_parameters()]
    prepared = Single(device="cpu", compile=True).prepare(model)  # nothing is compiled before the first call
    assert [name for name, _ in prepared.named_parameters()] == names


@pytest.mark.slow  # compiles
def test_a_compiled_model_learns_what_a_plain_one_does(tmp_path):
    from dataclasses import replace

    from firstwords.model.config import ModelConfig
    from firstwords.model.transformer import Model
    from firstwords.training.batch import Draws, Example
    from firstwords.training.objectives.causal_lm import CausalLM

    config = ModelConfig.from_depth(1, layout="llama", vocab_size=64, width=32, num_heads=2, context=256)
    config = replace(config, mlp_width=4096)  # its products are large enough for oneDNN where that is faster
    objective, found = CausalLM(), []
    for compiled in (False, True):
        engine = Single(device="cpu", compile=compiled)
        model = engine.prepare(Model(config, objective.head(config, None), seed=3))
        ids = torch.arange(256, dtype=torch.int32).numpy() % 64
        draws = Draws(0, ((0, 0),))
        batch = objective.collate([Example(ids, ids, row=0)], draws, config)
        loss, _ = objective.loss(model, batch, draws)
        engine.backward(loss)
        found.append((loss.item(), model.backbone.layers[0].mlp.up_proj.weight.grad))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-5)
    torch.testing.assert_close(found[1][1], found[0][1], rtol=1e-3, atol=1e-5)


def test_the_device_does_not_count_for_identity_compilation_does():
    assert configuration(Single(device="cpu")) == configuration(Single(device="cuda"))
    assert configuration(Single(compile=True)) != configuration(Single())
