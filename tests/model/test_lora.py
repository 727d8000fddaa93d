import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.hugging_face import save_folder
from firstwords.model.lora import LoraShape, add_lora, linear_layers, merge, save_adapter
from firstwords.model.transformer import Model

SHAPES = [
    LoraShape(4, 8.0),
    LoraShape(4, 8.0, with_magnitude=True),
    LoraShape(4, 8.0, rank_stabilised=True),
    LoraShape(2, 2.0, targets=("q_proj", "v_proj")),
]
BATCH = Batch.of([[1, 2, 3, 4], [5, 6]])
BENCH = Path(__file__).parents[2] / ".bench" / "peft" / "lib"


def make_model(kind="language_model", layout="qwen3"):
    config = ModelConfig.from_depth(
        2, layout=layout, vocab_size=40, width=32, num_heads=2, context=16, mask_id=2, tie_embeddings=False
    )
    model = Model(config, make_head(kind, config, ("a", "b", "c") if kind != "language_model" else ()), seed=1)
    shake(model, 5)
    return model.eval()


def shake(model, seed):
    """Move every trained parameter off its beginning, where much is zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_changes_at_first_and_little_is_trained(shape):
    model = make_model()
    before, total = model(BATCH), sum(p.numel() for p in model.parameters())
    number = add_lora(model, shape, seed=3, train_head=False)
    assert torch.allclose(model(BATCH), before, atol=1e-5)  # DoRA divides by a length and multiplies with it
    assert number == sum(p.numel() for p in model.parameters() if p.requires_grad) < total / 3
    model(BATCH).square().sum().backward()
    trained = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    # `lora_A` gets no gradient while `lora_B` is zero.
    assert trained and all("lora_B" in name or "magnitude" in name for name in trained)


@pytest.mark.parametrize("shape", SHAPES)
def test_merging_gives_a_plain_model_that_computes_the_same(shape):
    model = make_model()
    names = set(model.state_dict())
    add_lora(model, shape, seed=3, train_head=False)
    shake(model, 7)
    changed = model(BATCH)
    merge(model)
    assert torch.allclose(model(BATCH), changed, atol=1e-5)
    assert set(model.state_dict()) == names
    assert all(p.requires_grad for p in model.parameters())


def test_the_gradient_is_that_of_the_formula():
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(5, 3, bias=False).double())
    weight = layer[0].weight.detach().clone()
    add_lora(layer, LoraShape(2, 3.0), seed=1, train_head=False)
    shake(layer, 2)
    change = layer[0].parametrizations.weight[0]
    a, b = (p.detach().clone().requires_grad_() for p in (change.lora_A, change.lora_B))
    x = torch.randn(4, 5, dtype=torch.float64)
    (x @ (weight + 1.5 * b @ a).T).square().sum().backward()
    layer(x).square().sum().backward()
    assert torch.allclose(change.lora_A.grad, a.grad) and torch.allclose(change.lora_B.grad, b.grad)
    assert layer[0].parametrizations.weight.original.grad is None


def test_targets_and_head():
    model = make_model("tokens")
    assert all(not name.startswith("head") for name in linear_layers(model))
    assert len(linear_layers(model)) == 14
    assert len(linear_layers(model, ("q_proj",))) == 2
    with pytest.raises(ValueError, match="no linear layer is called 'query'. There are: down_proj"):
        linear_layers(model, ("query",))
    add_lora(model, SHAPES[0], seed=1, train_head=True)
    assert model.head.score.weight.requires_grad
    assert not model.backbone.embed_tokens.weight.requires_grad


@pytest.fixture
def peft(monkeypatch):
    """PEFT, installed or in a folder of its own (`pip install --target`, or a virtual environment)."""
    for place in BENCH.glob("python*/site-packages"):
        monkeypatch.setattr(sys, "path", [*sys.path, str(place)])
    return pytest.importorskip("peft")


KINDS = [
    ("language_model", "qwen3", "AutoModelForCausalLM"),
    ("sequence", "qwen3", "AutoModelForSequenceClassification"),
    ("tokens", "eurobert", "AutoModelForTokenClassification"),
    ("sequence", "eurobert", "AutoModelForSequenceClassification"),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "layout", "their_class"), KINDS)
def test_peft_loads_the_files_and_predicts_the_same(tmp_path, peft, shape, kind, layout, their_class):
    transformers = pytest.importorskip("transformers")
    model = make_model(kind, layout)
    save_folder(tmp_path / "base", model)
    add_lora(model, shape, seed=3, train_head=kind != "language_model")
    shake(model, 7)
    task = {"language_model": "CAUSAL_LM", "tokens": "TOKEN_CLS", "sequence": "SEQ_CLS"}[kind]
    save_adapter(tmp_path / "adapter", model, shape, task=task, base="base")
    base = getattr(transformers, their_class).from_pretrained(tmp_path / "base")
    theirs = peft.PeftModel.from_pretrained(base, tmp_path / "adapter").eval()
    ids = [[1, 2, 3, 4]]
    ours = model(Batch.of(ids))
    assert torch.allclose(theirs(torch.tensor(ids)).logits.squeeze(0), ours.squeeze(0), atol=1e-4)


def test_equal_adapters_are_equal_bytes(tmp_path):
    for name in ("a", "b"):
        model = make_model()
        add_lora(model, SHAPES[0], seed=3, train_head=False)
        save_adapter(tmp_path / name, model, SHAPES[0], task="CAUSAL_LM", base="base")
    files = [sorted((p.name, p.read_bytes()) for p in (tmp_path / name).iterdir()) for name in ("a", "b")]
    assert files[0] == files[1]


def test_copies_for_several_cores_share_the_changes():
    from firstwords.training.lanes import LaneThread, num_lanes

    model = make_model()
    add_lora(model, SHAPES[1], seed=3, train_head=False)
    shake(model, 7)
    assert num_lanes(model) == torch.get_num_threads()
    twin = LaneThread(model, {}).model
    mine, theirs = dict(model.named_parameters()), dict(twin.named_parameters())
    assert {n for n, p in mine.items() if p.requires_grad} == {n for n, p in theirs.items() if p.requires_grad}
    with torch.no_grad():  # what the optimizer does to the first is seen by the second
        for parameter in model.parameters():
            parameter.mul_(1.1)
    assert torch.equal(twin(BATCH), model(BATCH))
    twin(BATCH).square().sum().backward()
    assert all(p.grad is None for p in model.parameters())
    assert any(p.grad is not None for p in twin.parameters())
