import torch

from firstwords.model import precision
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model


def test_a_model_is_told_its_type():
    config = ModelConfig.from_depth(
        1, layout="llama", vocab_size=32, width=32, num_heads=2, num_kv_heads=2, mlp_width=48
    )
    model = Model(config, LanguageModelHead(config))
    precision.set_precision(model, "bfloat16")
    assert model.autocast == torch.bfloat16
    precision.set_precision(model, "float32")
    assert model.autocast is None


def test_the_gain_is_the_ratio_of_the_times(monkeypatch):
    """A clock that runs three times as fast in bfloat16."""
    full = [moment for start in range(precision.TIMES) for moment in (10 * start, 10 * start + 3)]
    half = [moment for start in range(precision.TIMES) for moment in (10 * start, 10 * start + 1)]
    ticks = iter(full + half)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: next(ticks))
    assert precision.half_precision_gain() == 3


def test_a_first_product_that_compiles_does_not_decide(monkeypatch):
    """It takes as long as a hundred others."""
    made, now = [], [0.0]

    def multiply(a, b):
        now[0] += {torch.float32: 3.0, torch.bfloat16: 1.0}[a.dtype] * (1 if a.dtype in made else 100)
        made.append(a.dtype)

    monkeypatch.setattr(precision.torch, "mm", multiply)
    monkeypatch.setattr(precision.time, "perf_counter", lambda: now[0])
    assert precision.half_precision_gain() == 3


def test_the_gain_here_is_a_positive_number():
    assert precision.half_precision_gain() > 0
