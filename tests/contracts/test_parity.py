"""Our models and transformers' compute the same, whatever form a published folder has."""

import json
import random

import pytest
import torch

from firstwords.inference.generate import generate
from firstwords.model.batch import Batch
from firstwords.model.hugging_face import load_folder, save_folder

transformers = pytest.importorskip("transformers")

DOCUMENTS = [list(range(10, 29)), [15], list(range(20, 140)), [17, 18, 19]]
SIZES = {
    "vocab_size": 150, "hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 32, "max_position_embeddings": 256, "pad_token_id": 1, "bos_token_id": 2,
    "eos_token_id": 2, "initializer_range": 0.2,
}  # fmt: skip
LLAMA3 = {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3 |= {"original_max_position_embeddings": 64}
LINEAR = {"rope_type": "linear", "rope_theta": 1e4, "factor": 3.0}
CASES = {
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", {}),
    "qwen3-tied": ("Qwen3Config", "Qwen3ForCausalLM", {"tie_word_embeddings": True}),
    "qwen3-linear": ("Qwen3Config", "Qwen3ForCausalLM", {"rope_parameters": LINEAR}),
    "llama": ("LlamaConfig", "LlamaForCausalLM", {}),
    "llama-llama3": ("LlamaConfig", "LlamaForCausalLM", {"rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "eurobert": ("EuroBertConfig", "EuroBertForMaskedLM", {"mask_token_id": 3}),
}


def theirs(name, seed=0):
    """A random model of theirs."""
    config_class, model_class, changes = CASES[name]
    torch.manual_seed(seed)
    config = getattr(transformers, config_class)(**SIZES | changes)
    return getattr(transformers, model_class)(config).eval()


def apart(ours, model):
    """The largest difference of logits, documents one by one on their side."""
    with torch.no_grad():
        expected = torch.cat([model(torch.tensor([document])).logits[0] for document in DOCUMENTS])
        found = ours(Batch.of(DOCUMENTS))
    assert expected.abs().max() > 1
    return (found - expected).abs().max().item()


@pytest.mark.parametrize("name", CASES)
def test_their_models_are_ours_and_ours_theirs(tmp_path, name):
    model = theirs(name)
    model.save_pretrained(tmp_path / "theirs", max_shard_size="100KB")  # several files and an index
    assert (tmp_path / "theirs" / "model.safetensors.index.json").is_file()
    ours, config, _ = load_folder(tmp_path / "theirs")
    assert apart(ours, model) < 1e-4
    save_folder(tmp_path / "ours", ours)
    back, info = type(model).from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(info.values())
    assert apart(ours, back.eval()) < 1e-4
    assert load_folder(tmp_path / "ours")[1] == config


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precisions_become_float32_exactly(tmp_path, dtype):
    model = theirs("qwen3").to(dtype)
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == str(dtype).removeprefix("torch.")
    ours = load_folder(tmp_path)[0]
    assert ours.head.lm_head.weight.dtype == torch.float32
    assert torch.equal(ours.backbone.layers[1].mlp.up_proj.weight, model.model.layers[1].mlp.up_proj.weight.float())
    # Read anew: a model that was halved keeps halved rotary angles.
    assert apart(ours, type(model).from_pretrained(tmp_path, dtype=torch.float32).eval()) < 1e-4


@pytest.mark.parametrize("name", ["qwen3", "llama-llama3"])
@pytest.mark.parametrize("count", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_greedy_texts_have_the_same_tokens(tmp_path, name, count):
    model = theirs(name, seed=1)
    model.save_pretrained(tmp_path)
    ours = load_folder(tmp_path)[0]
    draws = random.Random(0)
    prompts = [[draws.randrange(3, 150) for _ in range(draws.randrange(1, 60))] for _ in range(count)]
    found = generate(ours, prompts, max_tokens=40, stop=(2,))
    for prompt, tokens in zip(prompts, found, strict=True):
        expected = model.generate(torch.tensor([prompt]), max_new_tokens=40, do_sample=False)[0, len(prompt) :].tolist()
        assert tokens == (expected[: expected.index(2)] if 2 in expected else expected)
