import pytest
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from firstwords.model import cost, cross_entropy, products, transformer
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.cost import (
    layer_parameters,
    num_parameters,
    parameter_shapes,
    training_cost,
    training_flops_per_token,
    training_memory,
)
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import stored_tensors
from firstwords.model.transformer import Model


def config(layout="qwen3", **given):
    return ModelConfig.from_depth(3, layout=layout, vocab_size=500, mask_id=3, **given)


@pytest.mark.parametrize("layout", ["qwen3", "llama", "eurobert"])
@pytest.mark.parametrize("head", ["language_model", "tokens", "sequence"])
@pytest.mark.parametrize("tie", [False, True])
def test_shapes_are_those_of_the_model(layout, head, tie):
    sizes = config(layout, tie_embeddings=tie, width=96, num_heads=4, num_kv_heads=2)
    names = ("a", "b", "c") if head != "language_model" else ()
    model = Model(sizes, make_head(head, sizes, names))
    actual = {name: tuple(tensor.shape) for name, tensor in stored_tensors(model).items()}
    assert parameter_shapes(sizes, head, len(names)) == actual
    assert num_parameters(sizes, head, len(names)) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("layout", ["qwen3", "eurobert"])
def test_flops_are_those_that_torch_counts(layout, monkeypatch):
    monkeypatch.setattr(products, "_onednn_is_faster", lambda: False)  # nor does it know oneDNN's products
    monkeypatch.setattr(transformer, "goes_by_rows", lambda x: False)  # nor those of our own
    monkeypatch.setattr(transformer, "goes_by_halves", lambda *x: False)
    sizes = config(layout)
    model = Model(sizes, make_head("language_model", sizes))
    batch = Batch.of([[0] * 64] * 4)
    # Plain attention and plain cross-entropy: the counter does not know the fused ones.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        F.cross_entropy(model(batch), batch.input_ids, reduction="sum").backward()
    expected = batch.num_tokens * training_flops_per_token(sizes, context=64)
    if sizes.causal:  # plain attention computes the masked half, too
        expected += 12 * sizes.num_layers * sizes.width * (64 - 65 / 2) * batch.num_tokens
    assert counter.get_total_flops() == expected


def test_a_masked_head_costs_its_share():
    sizes = config("eurobert")
    whole, some = (training_flops_per_token(sizes, predicted_share=share) for share in (1.0, 0.3))
    assert whole - some == pytest.approx(0.7 * 6 * sizes.vocab_size * sizes.width)


def test_layers_are_counted_without_embeddings():
    assert layer_parameters(config()) == layer_parameters(config(tie_embeddings=True))
    assert layer_parameters(config()) < num_parameters(config()) - 2 * 500 * 192 + 1


def test_the_chunk_of_logits_is_the_one_that_is_used():
    assert cost.CHUNK_NUMBERS == cross_entropy.CHUNK_NUMBERS


@pytest.mark.parametrize(
    ("layers", "width", "layout", "vocab_size", "micro_tokens", "mebibytes"),
    [
        (2, 128, "qwen3", 4096, 2048, 457),
        (2, 128, "eurobert", 4096, 4096, 508),
        (4, 256, "qwen3", 4096, 4096, 897),
        (6, 384, "qwen3", 8192, 2048, 1138),
        (8, 512, "qwen3", 8192, 512, 1267),
    ],
)
def test_memory_is_near_what_was_measured(layers, width, layout, vocab_size, micro_tokens, mebibytes):
    """Peaks of the resident set over two steps on a processor, one thread, float32."""
    sizes = ModelConfig.from_depth(layers, layout=layout, width=width, vocab_size=vocab_size, mask_id=3, context=256)
    assert training_memory(sizes, micro_tokens) / 2**20 == pytest.approx(mebibytes, rel=0.12)


def test_memory_grows_with_everything_that_takes_some():
    sizes = config()
    base = training_memory(sizes, 1024)
    assert training_memory(sizes, 2048) > base
    assert training_memory(config(width=256), 1024) > base


def test_a_cost_names_bytes_and_flops():
    found = training_cost(config(), tokens=1000, micro_tokens=512, context=256).as_dict()
    assert found["flops"] == 1000 * found["flops_per_token"]
    assert found["disk_bytes"] > 4 * found["parameters"]
    assert found["memory_bytes"] > 100 * 2**20
    assert found["parameters"] > found["layer_parameters"]


def test_matrices_of_berts_layers_count():
    config = ModelConfig(
        layout="bert", vocab_size=100, num_layers=2, width=32, num_heads=2, num_kv_heads=2, head_size=16, mlp_width=64,
        context=16, tie_embeddings=True, pad_id=0, bos_id=0, eos_id=0, mask_id=None, token_types=2,
    )  # fmt: skip
    assert layer_parameters(config) == 2 * (4 * 32 * 32 + 2 * 32 * 64)
    assert training_memory(config, 16, 2) > training_memory(config, 16, 2, muon=False)
