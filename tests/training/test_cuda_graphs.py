"""Recording itself needs a GPU: tests/gpu compares recorded passes with plain ones."""

from types import SimpleNamespace

import pytest
import torch

from firstwords.compute.engines.fsdp import Fsdp
from firstwords.compute.engines.single import Single
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model
from firstwords.training.batch import Draws
from firstwords.training.cuda_graphs import CudaGraphs, is_light, room_for
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.hybrid_lm import HybridLM
from firstwords.training.objectives.masked_lm import MaskedLM


@pytest.mark.parametrize(("documents", "room"), [(1, 16), (16, 16), (17, 32), (32, 32), (1000, 1024)])
def test_few_recordings_have_room_for_any_number_of_documents(documents, room):
    assert room_for(documents) == room


def test_a_processor_makes_every_pass_the_plain_way():
    config = ModelConfig.from_depth(2, layout="llama", vocab_size=64, width=128, num_heads=2)
    model = Model(config, make_head("language_model", config))
    batch = Batch.of([[5, 6, 7], [8]], labels=torch.tensor([6, 7, 8, 5]))
    made = []

    def make(model, batch, draws):
        made.append(batch)
        return torch.ones(2)

    passes = CudaGraphs(make, 4)
    assert not passes.takes(model, batch)
    assert passes(model, batch, Draws(0, ())).tolist() == [1, 1]
    assert made == [batch]


def test_only_what_is_the_same_for_all_batches_is_recorded():
    # how many tokens are masked, or read causally, differs from batch to batch
    assert [CausalLM().is_uniform, MaskedLM().is_uniform, HybridLM().is_uniform] == [True, False, False]
    assert not Single(device="cpu").captures
    assert not Single(device="cuda", compile=True).captures
    assert not Single(device="cuda", activation_checkpointing=True).captures
    assert not Single(device="cuda", cuda_graphs=False).captures
    assert Single(device="cuda").captures
    assert not Fsdp(device="cpu").captures


def test_light_passes_are_recorded():
    small = ModelConfig.from_depth(4, layout="llama", vocab_size=64, width=256, num_heads=4)
    large = ModelConfig.from_depth(12, layout="llama", vocab_size=64, width=768, num_heads=12)
    assert is_light(small, 32_768)
    assert not is_light(large, 32_768)
    assert is_light(large, 4096)
    assert not is_light(small, 0)
    assert not is_light(SimpleNamespace(), 4096)  # an adopted model's
