"""Layers without weights: the same layers as torch's, made without its compiler."""

import subprocess
import sys

import torch
from torch import nn

from firstwords.model.unset import embedding_layer, linear_layer


def test_a_linear_layer_is_torchs_own():
    made, usual = linear_layer(3, 5, bias=True), nn.Linear(3, 5)
    assert type(made) is nn.Linear
    assert vars(made).keys() == vars(usual).keys()
    made.load_state_dict(usual.state_dict())
    x = torch.randn(2, 3)
    assert torch.equal(made(x), usual(x))
    assert repr(made) == repr(usual)


def test_without_bias():
    made = linear_layer(3, 5)
    assert [name for name, _ in made.named_parameters()] == ["weight"]
    assert made.weight.requires_grad


def test_an_embedding_is_torchs_own():
    made, usual = embedding_layer(7, 2), nn.Embedding(7, 2)
    assert type(made) is nn.Embedding
    assert vars(made).keys() == vars(usual).keys()
    made.load_state_dict(usual.state_dict())
    assert torch.equal(made(torch.tensor([1, 6])), usual(torch.tensor([1, 6])))
    assert made.weight.requires_grad


def test_a_model_is_made_without_the_compiler():
    """It takes 1.9 s to import."""
    code = """
import sys
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model
config = ModelConfig.from_depth(1, layout='llama', vocab_size=64, width=32, num_heads=2, num_kv_heads=2, mlp_width=48)
Model(config, LanguageModelHead(config))
print(sorted({name for name in sys.modules if name in ("sympy", "torch._dynamo", "torch.distributed.fsdp")}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
