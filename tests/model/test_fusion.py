"""What is compiled is for GPUs: tests/gpu compares it with the processor's results."""

from types import SimpleNamespace

import torch

from firstwords.model.config import ModelConfig
from firstwords.model.cross_entropy import sum_cross_entropy
from firstwords.model.fusion import is_usual, is_worth_compiling, set_fusion, usual_tokens
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model

CONFIG = ModelConfig.from_depth(2, layout="qwen3", vocab_size=32, width=128, num_heads=2, context=64)
LONG = 10**12


def test_only_long_pre_training_is_compiled():
    assert is_worth_compiling(CONFIG, LONG)
    assert not is_worth_compiling(CONFIG, 10_000)
    assert not is_worth_compiling(CONFIG, None)
    assert not is_worth_compiling(SimpleNamespace(), LONG)  # an adopted model's


def test_the_usual_micro_batch_is_of_whole_rows():
    assert usual_tokens(CONFIG, 4096, 1000, 1) == 960
    assert usual_tokens(CONFIG, 4096, 10_000, 4) == 1024  # a rank's share
    assert usual_tokens(CONFIG, None, 1000, 1) == 0
    assert usual_tokens(SimpleNamespace(), 4096, 1000, 1) == 0


def test_the_plain_way_is_taken_for_other_sizes_and_without_gradients():
    assert is_usual(8, 8)
    assert not is_usual(7, 8)
    assert not is_usual(0, 0)
    with torch.no_grad():
        assert not is_usual(8, 8)


def test_every_part_is_told():
    model = Model(CONFIG, make_head("language_model", CONFIG))
    set_fusion(model, 64)
    assert [module.fused_tokens for module in model.modules() if hasattr(module, "fused_tokens")] == [64] * 3


def test_the_loss_that_compiles_is_the_loss(monkeypatch):
    from firstwords.model import cross_entropy

    monkeypatch.setattr(cross_entropy, "compiled", lambda function: function)
    monkeypatch.setattr(cross_entropy, "CHUNK_NUMBERS", 40 * 16)  # several chunks, the last one shorter
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(50, 8, generator=generator, dtype=torch.float64)
    weight = torch.randn(40, 8, generator=generator, dtype=torch.float64)
    targets = torch.randint(40, (50,), generator=generator)
    targets[::7] = -100
    results = []
    for fuse in (False, True):
        inputs = hidden.clone().requires_grad_(), weight.clone().requires_grad_()
        loss = sum_cross_entropy(*inputs, targets, 0.01, fuse)
        loss.backward()
        results.append((loss.detach(), *(each.grad for each in inputs)))
    for plain, fused in zip(*results, strict=True):
        torch.testing.assert_close(plain, fused)
