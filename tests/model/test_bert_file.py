"""Folders of BERT's family: what is read, refused, and written back for transformers."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from firstwords.errors import IntegrityError, RecipeError
from firstwords.model import bert_file
from firstwords.model.batch import Batch
from firstwords.model.heads import SequenceHead, TokenHead
from firstwords.model.hugging_face import load_folder, load_under, save_folder

transformers = pytest.importorskip("transformers")

DOCUMENTS = [list(range(10, 29)), [15], list(range(20, 60)), [17, 18, 19]]
SIZES = {"vocab_size": 100, "max_position_embeddings": 64, "pad_token_id": 1, "initializer_range": 0.3}
BERT_SIZES = SIZES | {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 80}
CASES = {
    "bert": ("Bert", BERT_SIZES),
    "roberta": ("Roberta", BERT_SIZES | {"max_position_embeddings": 66, "type_vocab_size": 1}),
    "distilbert": ("DistilBert", SIZES | {"dim": 48, "n_layers": 3, "n_heads": 4, "hidden_dim": 80}),
}
LABELS = ("x", "y", "z")
HEADS = {"TokenClassification": TokenHead, "SequenceClassification": SequenceHead}


def theirs(name, kind, folder):
    stem, sizes = CASES[name]
    torch.manual_seed(3)
    config = getattr(transformers, f"{stem}Config")(**sizes)
    model = getattr(transformers, f"{stem}{kind}")(config).eval()
    with torch.no_grad():  # biases and norms begin at constants, which would hide a mistake
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("name", CASES)
def test_hidden_states_are_theirs(tmp_path, name):
    model = theirs(name, "Model", tmp_path).double()
    ours = load_under(tmp_path, lambda config: TokenHead(config, LABELS)).eval().double()
    batch = Batch.of(DOCUMENTS)
    with torch.no_grad():
        expected = torch.cat([model(torch.tensor([ids])).last_hidden_state[0] for ids in DOCUMENTS])
        found = ours.backbone(batch)
        given = ours.backbone(batch, embeddings=ours.backbone.embed(batch.input_ids))
        some = ours.backbone(batch, at=torch.tensor([0, 19, 62]))
    assert expected.abs().max() > 1
    assert (found - expected).abs().max() < 1e-10  # float64: 1e-5 in float32 with room for large weights
    assert torch.equal(given, found)
    assert torch.allclose(some, found[[0, 19, 62]], atol=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kind", HEADS)
def test_what_is_saved_gives_the_same_predictions_there(tmp_path, name, kind):
    theirs(name, "Model", tmp_path / "base")
    ours = load_under(tmp_path / "base", lambda config: HEADS[kind](config, LABELS), seed=4).eval()
    save_folder(tmp_path / "tuned", ours)
    again = getattr(transformers, f"AutoModelFor{kind}")
    model, info = again.from_pretrained(tmp_path / "tuned", output_loading_info=True)
    assert not any(info.values())
    assert tuple(model.config.id2label.values()) == LABELS
    ours.double(), model.double()
    with torch.no_grad():
        expected = torch.cat([model.eval()(torch.tensor([ids])).logits.flatten(0, -2) for ids in DOCUMENTS])
        assert (ours(Batch.of(DOCUMENTS)) - expected).abs().max() < 1e-10
    back, _, labels = load_folder(tmp_path / "tuned")
    assert labels == LABELS
    for each, parameter in ours.float().named_parameters():
        assert torch.equal(parameter, back.get_parameter(each))


def test_a_head_of_theirs_is_ours(tmp_path):
    model = theirs("bert", "ForSequenceClassification", tmp_path)
    ours, _, labels = load_folder(tmp_path, dtype=torch.float64)
    assert labels == ("LABEL_0", "LABEL_1")
    with torch.no_grad():
        expected = torch.cat([model.double()(torch.tensor([ids])).logits for ids in DOCUMENTS])
        assert (ours(Batch.of(DOCUMENTS)) - expected).abs().max() < 1e-10


def test_the_pooler_goes_under_a_new_head(tmp_path):
    model = theirs("bert", "Model", tmp_path)
    ours = load_under(tmp_path, lambda config: SequenceHead(config, LABELS))
    assert torch.equal(ours.head.dense.weight, model.pooler.dense.weight)


def test_token_types_are_told_apart(tmp_path):
    model = theirs("bert", "Model", tmp_path)
    ours = load_under(tmp_path, lambda config: TokenHead(config, LABELS)).eval()
    kinds = torch.tensor([0] * 5 + [1] * 14)
    batch = replace(Batch.of(DOCUMENTS[:1]), token_types=kinds)
    with torch.no_grad():
        expected = model.double()(torch.tensor(DOCUMENTS[:1]), token_type_ids=kinds[None]).last_hidden_state[0]
        assert (ours.double().backbone(batch) - expected).abs().max() < 1e-10


def test_early_names_and_buffers_are_read(tmp_path):
    theirs("bert", "Model", tmp_path)
    head = {"make": lambda config: TokenHead(config, LABELS)}
    before = load_under(tmp_path, **head)
    tensors = load_file(tmp_path / "model.safetensors")
    early = {
        n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
        for n, t in tensors.items()
    }
    early = {f"bert.{name}": tensor for name, tensor in early.items()}
    early["bert.embeddings.position_ids"] = torch.arange(64)[None]
    early["cls.predictions.bias"] = torch.zeros(100)
    save_file(early, tmp_path / "model.safetensors")
    after = load_under(tmp_path, **head)
    assert all(torch.equal(p, after.get_parameter(n)) for n, p in before.named_parameters())


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_act", "relu"), ("position_embedding_type", "relative_key"), ("is_decoder", True), ("odd", 1)],
)
def test_what_would_be_computed_otherwise_is_refused_by_name(tmp_path, key, value):
    theirs("bert", "Model", tmp_path)
    values = json.loads((tmp_path / "config.json").read_text()) | {key: value}
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(RecipeError, match=key):
        load_under(tmp_path, lambda config: TokenHead(config, LABELS))


def test_weights_of_other_sizes_are_refused(tmp_path):
    theirs("bert", "Model", tmp_path)
    values = json.loads((tmp_path / "config.json").read_text()) | {"intermediate_size": 96}
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(IntegrityError, match="intermediate.dense"):
        load_under(tmp_path, lambda config: TokenHead(config, LABELS))


def test_a_bare_backbone_is_no_finished_model(tmp_path):
    theirs("bert", "Model", tmp_path)
    with pytest.raises(RecipeError, match="only a base"):
        load_folder(tmp_path)


def test_every_parameter_has_a_name_of_its_own():
    values = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 16}
    config = bert_file.read_config(
        "bert", values | {"vocab_size": 9, "max_position_embeddings": 7, "type_vocab_size": 2}
    )
    names = bert_file.stored_names(config, "sequence")
    assert len(set(names.values())) == len(names)
    assert set(names.values()) == set(bert_file.parameter_shapes(config, "sequence", 3))
