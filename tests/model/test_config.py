import dataclasses

import pytest

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig, derive
from firstwords.model.cost import layer_parameters

IDS = {"layout": "qwen3", "vocab_size": 4096}


def test_the_dial_sets_every_size():
    config = ModelConfig.from_depth(6, **IDS)
    assert (config.num_layers, config.width, config.num_heads, config.head_size) == (6, 384, 6, 64)
    assert (config.num_kv_heads, config.mlp_width, config.context, config.tie_embeddings) == (6, 1024, 256, False)


def test_every_size_has_a_reason():
    config, reasons = derive(4, **IDS, width=320)
    by_name = {each.name: each for each in reasons}
    sizes = {"num_layers", "width", "num_heads", "num_kv_heads", "head_size", "mlp_width", "context", "rope_base"}
    assert sizes <= set(by_name)
    assert all(getattr(config, name) == each.value and each.reason for name, each in by_name.items())
    assert by_name["width"].reason == "set by hand"
    assert by_name["num_layers"].reason != "set by hand"


def test_only_a_huge_vocabulary_is_shared_with_the_head():
    ties = [ModelConfig.from_depth(2, layout="qwen3", vocab_size=size).tie_embeddings for size in (4096, 32_768)]
    assert ties == [False, True]


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8, 12, 20, 32, 48])
def test_every_depth_gives_a_valid_model_that_grows(depth):
    config = ModelConfig.from_depth(depth, **IDS)
    assert config.num_heads * config.head_size == config.width
    assert config.num_heads % config.num_kv_heads == 0
    assert layer_parameters(ModelConfig.from_depth(depth + 1, **IDS)) > layer_parameters(config)


def test_a_gated_layer_costs_about_twelve_squares_of_the_width():
    config = ModelConfig.from_depth(8, **IDS)
    assert layer_parameters(config) == pytest.approx(12 * 8 * 512**2, rel=0.02)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": 100, "num_heads": 3}, r"width 100 is not a multiple of num_heads 3. Nearest: 99 or 102"),
        ({"num_heads": 4, "width": 128, "num_kv_heads": 3}, "num_heads 4 is not a multiple of num_kv_heads 3"),
        ({"width": 15, "num_heads": 1}, "head_size 15 is odd"),
        ({"pad_id": 5000}, "pad_id 5000 is outside the vocabulary of 4096 entries"),
        ({"layout": "eurobert"}, "needs mask_id"),
        ({"layout": "gpt9"}, "layout 'gpt9' is unknown. Layouts: qwen3, llama, eurobert"),
        ({"mlp_width": -1}, "mlp_width is -1"),
    ],
)
def test_contradictions_are_refused_with_the_numbers(given, message):
    with pytest.raises(RecipeError, match=message):
        ModelConfig.from_depth(4, **(IDS | given))


def test_a_configuration_survives_a_dictionary():
    config = ModelConfig.from_depth(3, **IDS)
    assert ModelConfig(**config.as_dict()) == config


def test_the_layout_decides_attention():
    layouts = {
        name: ModelConfig.from_depth(2, layout=name, vocab_size=99, mask_id=1)
        for name in ("qwen3", "llama", "eurobert")
    }
    assert {name: config.causal for name, config in layouts.items()} == {
        "qwen3": True,
        "llama": True,
        "eurobert": False,
    }
    assert {name for name, config in layouts.items() if config.qk_norm} == {"qwen3"}


def test_a_hybrid_is_a_llama_with_a_mask_and_a_eurobert_under_heads():
    config = ModelConfig.from_depth(2, layout="llama", hybrid=True, vocab_size=100, mask_id=2)
    assert config.causal and config.fills_masks
    assert config.for_heads() == dataclasses.replace(config, layout="eurobert", hybrid=False)
    plain = ModelConfig.from_depth(2, layout="llama", vocab_size=100)
    assert plain.for_heads() is plain and not plain.fills_masks
    with pytest.raises(RecipeError, match="layout 'llama', not 'qwen3'"):
        dataclasses.replace(config, layout="qwen3")
    with pytest.raises(RecipeError, match="hybrid model needs mask_id"):
        dataclasses.replace(config, mask_id=None)
    with pytest.raises(RecipeError, match="infilling_id 98"):
        dataclasses.replace(config, infilling_id=98)
