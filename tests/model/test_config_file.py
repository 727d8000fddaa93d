import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.model import config_file
from firstwords.model.config import ModelConfig, RopeScaling
from firstwords.model.cost import num_parameters

LAYOUTS = ("qwen3", "llama", "eurobert")
VALUES = config_file.to_values(
    ModelConfig.from_depth(2, layout="qwen3", vocab_size=50, mask_id=3), "language_model", (), "float32"
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("head", "labels"), [("language_model", ()), ("tokens", ("O", "B-x")), ("sequence", ("a", "b"))]
)
def test_what_is_written_is_read(tmp_path, layout, head, labels):
    config = ModelConfig.from_depth(
        3, layout=layout, vocab_size=50, pad_id=1, eos_id=2, bos_id=2, mask_id=3, rope_base=5e5
    )
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config_file.to_values(config, head, labels, "float32")))
    assert config_file.read(path) == (config, head, labels)


def test_special_ids_and_pooling_are_always_written():
    config = ModelConfig.from_depth(2, layout="eurobert", vocab_size=50, mask_id=3)
    values = config_file.to_values(config, "sequence", ("a", "b"), "float32")
    assert {"pad_token_id", "bos_token_id", "eos_token_id", "mask_token_id", "classifier_pooling"} <= set(values)


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5e5,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "model_type 'gpt2' is not one of qwen3, llama, eurobert"),
        ({"quantization_config": {"bits": 4}}, "unknown key 'quantization_config'"),
        ({"hidden_act": "relu"}, "hidden_act = 'relu' is not supported"),
        ({"attention_bias": True}, "attention_bias = True is not supported"),
        ({"use_sliding_window": True}, "use_sliding_window"),
        ({"layer_types": ["sliding_attention"]}, "layer_types"),
        (
            {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4}},
            "only plain rotary positions",
        ),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "rope_parameters"),
        ({"rope_scaling": {"factor": 2}}, "rope_parameters and rope_scaling are both given"),
        ({"rope_parameters": None, "rope_scaling": {"type": "dynamic", "factor": 2.0}}, "rope_scaling = .*dynamic"),
        ({"rope_parameters": LLAMA3 | {"attention_factor": 2}}, r"not supported \(attention_factor\)"),
        ({"rope_parameters": LLAMA3 | {"factor": 0.5}}, "contradicts itself"),
        ({"rope_parameters": {"rope_type": "llama3", "factor": 8.0}}, "without high_freq_factor"),
        ({"hidden_size": 10**9}, "hidden_size = 1000000000 is not a whole number from 1 to 100,000"),
        ({"hidden_size": "128"}, "hidden_size = '128'"),
        ({"hidden_size": True}, "hidden_size = True"),
        ({"vocab_size": -5}, "vocab_size = -5"),
        ({"pad_token_id": 99}, "pad_id 99 is outside the vocabulary"),
        ({"pad_token_id": "0"}, "pad_token_id = '0' is no token id"),
        ({"architectures": ["Qwen3ForQuestionAnswering"]}, "is not supported. Supported: Qwen3ForCausalLM"),
        ({"architectures": ["A", "B"]}, "must name one class"),
        ({"id2label": {"0": "a", "2": "b"}}, "does not number its labels"),
        ({"id2label": {"0": 5}}, "no table of label names"),
        ({"tie_word_embeddings": "yes"}, "neither true nor false"),
        ({"rms_norm_eps": -1}, "rms_norm_eps = -1 is not a positive number"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps"),
        ({"num_hidden_layers": None}, "num_hidden_layers is missing"),
    ],
)
def test_what_this_code_does_not_compute_is_refused(change, message):
    with pytest.raises(RecipeError, match=message):
        config_file.from_values(VALUES | change)


def test_defaults_of_other_writers_are_understood():
    values = {k: v for k, v in VALUES.items() if k not in ("rope_parameters", "head_dim", "bos_token_id")}
    values |= {"rope_theta": 1e6, "eos_token_id": [7, 8], "pad_token_id": None, "auto_map": {"AutoModel": "x.Y"}}
    config, head, _ = config_file.from_values(values)
    assert (config.rope_base, config.eos_id, config.pad_id, config.bos_id, head) == (1e6, 7, 7, 7, "language_model")
    assert config.head_size == config.width // config.num_heads


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.floats(), st.lists, max_leaves=5))
def test_no_value_of_any_key_causes_anything_but_a_refusal(value):
    for key in VALUES:
        try:
            config_file.from_values(VALUES | {key: value})
        except RecipeError:
            continue


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"model_type": []}'])
def test_files_that_are_no_configuration_are_refused(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(RecipeError, match="config.json"):
        config_file.read(tmp_path / "config.json")


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(RecipeError, match="bytes"):
        config_file.read(tmp_path / "config.json")


def test_scaled_positions_are_read_in_both_forms_and_written():
    before = {k: v for k, v in VALUES.items() if k != "rope_parameters"}
    old = {key: value for key, value in LLAMA3.items() if key != "rope_theta"}
    read = [
        config_file.from_values(values).config
        for values in (before | {"rope_parameters": LLAMA3}, before | {"rope_scaling": old, "rope_theta": 5e5})
    ]
    assert read[0] == read[1]
    assert read[0].rope_base == 5e5
    assert read[0].rope_scaling == RopeScaling(kind="llama3", factor=8.0, original_context=64)
    assert config_file.to_values(read[0], "language_model", (), "float32")["rope_parameters"] == LLAMA3
    assert ModelConfig(**json.loads(json.dumps(read[0].as_dict()))) == read[0]


def test_the_configurations_of_published_models_are_understood():
    """Keys as they stand in the files of Llama 3.2 1B, Qwen3 0.6B and EuroBERT 210M."""
    shared = {"attention_dropout": 0.0, "hidden_act": "silu", "initializer_range": 0.02, "transformers_version": "4.45"}
    llama = shared | {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "attention_bias": False, "mlp_bias": False,
        "bos_token_id": 128000, "eos_token_id": 128001, "head_dim": 64, "hidden_size": 2048, "pretraining_tp": 1,
        "intermediate_size": 8192, "max_position_embeddings": 131072, "num_attention_heads": 32,
        "num_hidden_layers": 16, "num_key_value_heads": 8, "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
        "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                         "original_max_position_embeddings": 8192, "rope_type": "llama3"},
        "tie_word_embeddings": True, "torch_dtype": "bfloat16", "use_cache": True, "vocab_size": 128256,
    }  # fmt: skip
    qwen = shared | {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "attention_bias": False,
        "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_size": 1024,
        "intermediate_size": 3072, "max_position_embeddings": 40960, "max_window_layers": 28,
        "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8, "rms_norm_eps": 1e-06,
        "rope_scaling": None, "rope_theta": 1000000, "sliding_window": None, "tie_word_embeddings": True,
        "torch_dtype": "bfloat16", "use_cache": True, "use_sliding_window": False, "vocab_size": 151936,
    }  # fmt: skip
    eurobert = shared | {
        "architectures": ["EuroBertForMaskedLM"], "model_type": "eurobert", "attention_bias": False, "mlp_bias": False,
        "auto_map": {"AutoModelForMaskedLM": "modeling_eurobert.EuroBertForMaskedLM"}, "clf_pooling": "late",
        "bos_token": "<|begin_of_text|>", "bos_token_id": 128000, "eos_token": "<|end_of_text|>",
        "eos_token_id": 128001, "mask_token": "<|mask|>", "mask_token_id": 128002, "pad_token": "<|end_of_text|>",
        "pad_token_id": 128001, "head_dim": 64, "hidden_dropout": 0.0, "hidden_size": 768, "intermediate_size": 3072,
        "max_position_embeddings": 8192, "num_attention_heads": 12, "num_hidden_layers": 12,
        "num_key_value_heads": 12, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": None,
        "rope_theta": 250000, "tie_word_embeddings": False, "use_cache": False, "vocab_size": 128256,
    }  # fmt: skip
    sizes = [num_parameters(config_file.from_values(values).config) for values in (llama, qwen, eurobert)]
    assert [round(size / 1e6) for size in sizes] == [1236, 596, 310]  # EuroBERT's 210M leave embeddings aside
