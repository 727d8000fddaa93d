"""Models that transformers runs, behind flat batches."""

import json

import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.model.adopted import AdoptedModel, load_adopted
from firstwords.model.batch import Batch
from firstwords.model.heads import LanguageModelHead, SequenceHead, TokenHead
from firstwords.model.hugging_face import load_folder, load_under, save_folder

transformers = pytest.importorskip("transformers")

DOCUMENTS = [list(range(10, 29)), [15], list(range(20, 60)), [17, 18, 19]]
SIZES = {
    "vocab_size": 100,
    "hidden_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "initializer_range": 0.3,
}
SIZES |= {
    "intermediate_size": 64,
    "max_position_embeddings": 66,
    "pad_token_id": 1,
    "bos_token_id": 2,
    "eos_token_id": 2,
}
CASES = {
    "ModernBert": {"cls_token_id": 2, "sep_token_id": 2, "reference_compile": None},
    "DebertaV2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "XLMRoberta": {"type_vocab_size": 1},
    "Gemma": {"num_key_value_heads": 2, "head_dim": 12},
}
LABELS = ("x", "y", "z")
HEADS = {"TokenClassification": TokenHead, "SequenceClassification": SequenceHead}


def base(name, folder):
    torch.manual_seed(3)
    config = getattr(transformers, f"{name}Config")(**SIZES | {k: v for k, v in CASES[name].items() if v is not None})
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", HEADS)
def test_flat_batches_give_what_each_text_gives_alone_there(tmp_path, name, kind):
    if name == "Gemma" and not hasattr(transformers, "GemmaForTokenClassification"):
        pytest.skip("this transformers has no such class")
    base(name, tmp_path / "base")
    ours = load_under(tmp_path / "base", lambda config: HEADS[kind](config, LABELS), seed=4).eval()
    assert isinstance(ours, AdoptedModel)
    batch = Batch.of(DOCUMENTS)
    save_folder(tmp_path / "tuned", ours)
    model = getattr(transformers, f"AutoModelFor{kind}").from_pretrained(tmp_path / "tuned").eval()
    with torch.no_grad():
        expected = torch.cat([model(torch.tensor([ids])).logits.flatten(0, -2) for ids in DOCUMENTS])
        found = ours(batch)
        given = ours(batch, embeddings=ours.backbone.embed(batch.input_ids))
    assert (found - expected).abs().max() < 1e-4 * max(1.0, float(expected.abs().max()))
    assert torch.equal(found, given)
    back, _, labels = load_folder(tmp_path / "tuned")
    assert labels == LABELS
    with torch.no_grad():
        assert torch.equal(back(batch), found)


def test_gradients_reach_the_embeddings_that_were_given(tmp_path):
    base("ModernBert", tmp_path)
    ours = load_under(tmp_path, lambda config: TokenHead(config, LABELS)).eval()
    batch = Batch.of(DOCUMENTS)
    embeddings = ours.embed(batch.input_ids).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(ours(batch, embeddings=embeddings, select=torch.tensor([0])).sum(), embeddings)
    assert gradient[:19].ne(0).any(1).all() and not gradient[19:].any()


def test_the_seed_decides_a_new_head_and_nothing_else_changes(tmp_path):
    base("ModernBert", tmp_path)
    state = torch.get_rng_state()
    models = [load_under(tmp_path, lambda config: TokenHead(config, LABELS), seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), state)
    one, same, other = (model.inner.classifier.weight for model in models)
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_remote_code_is_never_asked_for(tmp_path):
    base("ModernBert", tmp_path)
    values = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "evil.py").write_text("raise SystemExit(9)")
    named = values | {"auto_map": {"AutoConfig": "evil.Config", "AutoModelForTokenClassification": "evil.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(named))
    assert isinstance(load_under(tmp_path, lambda config: TokenHead(config, LABELS)), AdoptedModel)
    (tmp_path / "config.json").write_text(json.dumps(named | {"model_type": "evil"}))
    with pytest.raises(RecipeError, match="no code for model_type 'evil'"):
        load_under(tmp_path, lambda config: TokenHead(config, LABELS))


@pytest.mark.parametrize(("key", "value"), [("quantization_config", {}), ("mystery", 3)])
def test_keys_that_are_not_of_the_type_are_refused(tmp_path, key, value):
    base("ModernBert", tmp_path)
    values = json.loads((tmp_path / "config.json").read_text()) | {key: value}
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(RecipeError, match=key):
        load_under(tmp_path, lambda config: TokenHead(config, LABELS))


def test_other_heads_and_missing_ones_are_refused(tmp_path):
    base("ModernBert", tmp_path)
    with pytest.raises(RecipeError, match="LanguageModelHead"):
        load_under(tmp_path, LanguageModelHead)
    with pytest.raises(RecipeError, match="only a base"):
        load_adopted(tmp_path, None)


def test_pickled_weights_are_not_opened(tmp_path):
    base("ModernBert", tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(RecipeError, match="cannot load it"):
        load_under(tmp_path, lambda config: TokenHead(config, LABELS))
