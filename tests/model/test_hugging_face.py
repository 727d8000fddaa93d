import json
import random
import struct

import pytest
import torch

from firstwords.errors import FirstwordsError, IntegrityError, RecipeError
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import load_folder, save_encoder, save_folder
from firstwords.model.transformer import Model

DOCUMENTS = [list(range(10, 29)), [15], list(range(60, 140)), [17, 18, 19]]
NAMES = ("O", "B-name", "I-name")
AUTO = {
    ("qwen3", "language_model"): "AutoModelForCausalLM",
    ("llama", "language_model"): "AutoModelForCausalLM",
    ("eurobert", "language_model"): "AutoModelForMaskedLM",
    "tokens": "AutoModelForTokenClassification",
    "sequence": "AutoModelForSequenceClassification",
}
CASES = [
    (layout, head, tie, pooling)
    for layout in ("qwen3", "llama", "eurobert")
    for head in ("language_model", "tokens", "sequence")
    for tie in (False, True)
    for pooling in (("late", "mean", "bos") if (layout, head, tie) == ("eurobert", "sequence", False) else ("late",))
]


def random_model(layout="qwen3", head="language_model", tie=False, pooling="late", seed=0, hybrid=False):
    sizes = {"width": 96, "num_heads": 4, "num_kv_heads": 2, "head_size": 32, "mlp_width": 160, "context": 128}
    ids = {"pad_id": 1, "bos_id": 2, "eos_id": 2, "mask_id": 3}
    config = ModelConfig.from_depth(
        2,
        layout=layout,
        vocab_size=150,
        tie_embeddings=tie,
        pooling=pooling,
        rope_base=5e4,
        hybrid=hybrid,
        **sizes,
        **ids,
    )
    model = Model(config, make_head(head, config, NAMES if head != "language_model" else ()), seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model.eval()


def padded():
    longest = max(map(len, DOCUMENTS))
    ids = torch.full((len(DOCUMENTS), longest), 1)
    mask = torch.zeros_like(ids)
    for row, document in enumerate(DOCUMENTS):
        ids[row, : len(document)] = torch.tensor(document)
        mask[row, : len(document)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def flat(logits, head):
    if head == "sequence":
        return logits
    return torch.cat([logits[row, : len(document)] for row, document in enumerate(DOCUMENTS)])


@torch.no_grad()
@pytest.mark.parametrize(("layout", "head", "tie", "pooling"), CASES)
def test_transformers_computes_the_same_both_ways(tmp_path, layout, head, tie, pooling):
    transformers = pytest.importorskip("transformers")
    model = random_model(layout, head, tie, pooling)
    save_folder(tmp_path / "ours", model)
    auto = getattr(transformers, AUTO.get((layout, head)) or AUTO[head])
    theirs, info = auto.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not any(info.values())
    expected = flat(theirs.eval()(**padded()).logits, head)
    ours = model(Batch.of(DOCUMENTS))
    assert ours.abs().max() > 0.1
    # Both compute in single precision; sums of a few hundred terms in another order differ by about 1e-6.
    assert torch.allclose(ours, expected, atol=1e-5)
    theirs.save_pretrained(tmp_path / "theirs")
    back, config, labels = load_folder(tmp_path / "theirs")
    assert (config, labels) == (model.config, model.head.names)
    assert torch.equal(back(Batch.of(DOCUMENTS)), ours)


def test_a_model_made_by_transformers_is_read(tmp_path):
    transformers = pytest.importorskip("transformers")
    config = transformers.Qwen3Config(
        vocab_size=150, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, max_position_embeddings=128, pad_token_id=1, eos_token_id=2,
    )  # fmt: skip
    theirs = transformers.Qwen3ForCausalLM(config).eval()
    theirs.save_pretrained(tmp_path)
    ours = load_folder(tmp_path)[0]
    with torch.no_grad():
        assert torch.allclose(ours(Batch.of(DOCUMENTS)), flat(theirs(**padded()).logits, None), atol=1e-5)


def test_equal_models_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        save_folder(tmp_path / name, random_model())
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["config.json", "generation_config.json", "model.safetensors"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_tokenizer_files_travel_along(tmp_path):
    (tmp_path / "tokenizer").mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "notes.txt"):
        (tmp_path / "tokenizer" / name).write_text("{}")
    save_folder(tmp_path / "model", random_model("eurobert"), tokenizer_folder=tmp_path / "tokenizer")
    names = {path.name for path in (tmp_path / "model").iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


def test_a_base_gets_a_new_head_by_seed(tmp_path):
    base = random_model("eurobert")
    save_folder(tmp_path / "base", base)
    first, _, labels = load_folder(tmp_path / "base", "tokens", labels=NAMES, seed=3)
    second = load_folder(tmp_path / "base", "tokens", num_labels=3, seed=3)[0]
    assert labels == NAMES
    assert second.head.names == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert torch.equal(first.head.classifier.weight, second.head.classifier.weight)
    pairs = zip(base.backbone.parameters(), first.backbone.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_stored_head_is_kept_where_its_labels_are(tmp_path):
    model = random_model("eurobert", "tokens")
    save_folder(tmp_path / "m", model)
    kept = load_folder(tmp_path / "m", "tokens", num_labels=3)[0]
    assert torch.equal(kept.head.classifier.weight, model.head.classifier.weight)
    other = load_folder(tmp_path / "m", "tokens", labels=("X", "Y", "Z"))[0]
    assert not torch.equal(other.head.classifier.weight, model.head.classifier.weight)


def test_heads_that_are_not_there_are_not_invented(tmp_path):
    save_folder(tmp_path / "lm", random_model())
    save_folder(tmp_path / "tokens", random_model(head="tokens"))
    with pytest.raises(RecipeError, match="say how many labels"):
        load_folder(tmp_path / "lm", "sequence")
    with pytest.raises(RecipeError, match="no language-model head"):
        load_folder(tmp_path / "tokens", "language_model")


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_weights_that_do_not_belong_to_the_configuration_are_refused(tmp_path):
    save_folder(tmp_path / "m", random_model())
    change_config(tmp_path / "m", intermediate_size=10**6)
    with pytest.raises(IntegrityError, match=r"mlp.down_proj.weight has shape \(96, 160\), config.json asks for"):
        load_folder(tmp_path / "m")


def test_a_missing_or_pickled_file_is_no_model(tmp_path):
    save_folder(tmp_path / "m", random_model())
    (tmp_path / "m" / "model.safetensors").unlink()
    torch.save({}, tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(RecipeError, match="has no model.safetensors"):
        load_folder(tmp_path / "m")
    with pytest.raises(RecipeError, match="is no model"):
        load_folder(tmp_path)


def test_any_damage_to_the_weights_header_is_an_error_of_ours(tmp_path):
    save_folder(tmp_path / "m", random_model())
    path = tmp_path / "m" / "model.safetensors"
    good = path.read_bytes()
    (header,) = struct.unpack("<Q", good[:8])
    draws = random.Random(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(good)
        damaged[draws.randrange(8 + header)] ^= 1 << draws.randrange(8)
        path.write_bytes(damaged if draws.random() < 0.7 else damaged[: draws.randrange(len(damaged))])
        try:
            load_folder(tmp_path / "m")
        except FirstwordsError:
            refused += 1
    assert refused > 50  # what remains hit a space, or a name's letter case within the metadata


def test_a_forged_length_takes_no_memory(tmp_path):
    save_folder(tmp_path / "m", random_model())
    (tmp_path / "m" / "model.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(IntegrityError, match="damaged"):
        load_folder(tmp_path / "m")


@torch.no_grad()
@pytest.mark.parametrize("tie", [False, True])
def test_a_hybrid_is_a_llama_and_a_eurobert_for_transformers_and_both_for_us(tmp_path, tie):
    transformers = pytest.importorskip("transformers")
    model = random_model("llama", tie=tie, hybrid=True)
    save_folder(tmp_path / "model", model)
    save_encoder(tmp_path / "encoder", model)
    llama, info = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model", output_loading_info=True)
    assert type(llama).__name__ == "LlamaForCausalLM" and not any(info.values())
    expected = flat(llama.eval()(**padded()).logits, "language_model")
    assert torch.allclose(model(Batch.of(DOCUMENTS)), expected, atol=1e-5)

    encoder, info = transformers.AutoModel.from_pretrained(tmp_path / "encoder", output_loading_info=True)
    assert type(encoder).__name__ == "EuroBertModel" and not any(info.values())
    hidden = flat(encoder.eval()(**padded()).last_hidden_state, "tokens")
    assert torch.allclose(model.backbone(Batch.of(DOCUMENTS, num_causal=0)), hidden, atol=1e-5)
    tagger = transformers.AutoModelForTokenClassification.from_pretrained(tmp_path / "encoder", num_labels=3)
    assert torch.equal(tagger.model.embed_tokens.weight, encoder.embed_tokens.weight)

    back, config, _ = load_folder(tmp_path / "model")
    assert config == model.config and config.hybrid and config.fills_masks
    assert torch.equal(back(Batch.of(DOCUMENTS, num_causal=0)), model(Batch.of(DOCUMENTS, num_causal=0)))
    assert "masked token is predicted from the state one place before" in (tmp_path / "model/README.md").read_text()


@torch.no_grad()
def test_heads_on_a_hybrid_read_in_both_directions(tmp_path):
    model = random_model("llama", hybrid=True)
    save_folder(tmp_path / "model", model)
    save_encoder(tmp_path / "encoder", model)
    for place in ("model", "encoder"):
        tagger, config, _ = load_folder(tmp_path / place, "tokens", labels=NAMES)
        assert (config.layout, config.hybrid) == ("eurobert", False)
        assert torch.equal(tagger.backbone(Batch.of(DOCUMENTS)), model.backbone(Batch.of(DOCUMENTS, num_causal=0)))
    save_folder(tmp_path / "tagger", tagger)
    assert torch.equal(load_folder(tmp_path / "tagger")[0](Batch.of(DOCUMENTS)), tagger(Batch.of(DOCUMENTS)))
