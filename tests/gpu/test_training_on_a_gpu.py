"""What only a GPU can show; skipped where there is none."""

import copy

import numpy as np
import pytest
import torch

from firstwords.compute.engines.single import Single
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.fusion import set_fusion
from firstwords.model.heads import make_head
from firstwords.model.precision import set_precision
from firstwords.model.transformer import Model
from firstwords.training.batch import Draws, Example
from firstwords.training.cuda_graphs import CudaGraphs, room_for, with_room
from firstwords.training.lanes import num_lanes
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.optimizer import Optimizer
from firstwords.training.settings import TrainSettings

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
DOCUMENTS = [[5, 6, 7, 8], [9], list(range(10, 60)), list(range(5, 45))]


def made(layout, engine, kv_heads=2, entries=64, **more):
    config = ModelConfig.from_depth(
        2, layout=layout, vocab_size=entries, mask_id=3, width=128, num_heads=2, num_kv_heads=kv_heads, **more
    )
    model = Model(config, make_head("language_model", config))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return engine.prepare(model)


def loss_and_gradients(model, engine):
    batch = engine.place(Batch.of(DOCUMENTS))
    loss = model(batch, targets=batch.input_ids, z_loss=1e-4)
    engine.backward(loss)
    return loss.item(), {name: p.grad.cpu() for name, p in model.named_parameters()}


@pytest.mark.parametrize("fuse", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("layout", ["llama", "qwen3", "eurobert"])
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-3), ("bfloat16", 0.05)])
def test_a_gpu_gives_the_processors_loss_and_gradients(layout, precision, tolerance, fuse):
    cpu, gpu = Single(device="cpu"), Single(device="cuda")
    expected, wanted = loss_and_gradients(made(layout, cpu), cpu)
    model = made(layout, gpu)
    set_precision(model, precision)
    set_fusion(model, sum(map(len, DOCUMENTS)) if fuse else 0)
    found, gradients = loss_and_gradients(model, gpu)
    # bfloat16 has 8 bits; float32 products on a GPU may add in another order
    assert found == pytest.approx(expected, rel=tolerance)
    for name, gradient in gradients.items():
        assert (gradient - wanted[name]).norm() <= tolerance * 2 * wanted[name].norm() + 1e-4, name


@pytest.mark.parametrize("kind", ["muon", "adamw"])
def test_a_step_on_a_gpu_lowers_the_loss(kind):
    engine = Single(device="cuda")
    model = made("llama", engine)
    set_precision(model, "bfloat16")
    optimizer = Optimizer(model, TrainSettings(tokens=1, batch_tokens=1, matrix_optimizer=kind))
    batch = engine.place(Batch.of(DOCUMENTS))
    before = copy.deepcopy(model.state_dict())
    losses = []
    for _ in range(5):
        loss = model(batch, targets=batch.input_ids)
        losses.append(loss.item())
        engine.backward(loss)
        engine.step(model, optimizer, count=batch.num_tokens, max_norm=1.0, factor=1.0)
    assert losses[-1] < losses[0]
    assert all(p.dtype == torch.float32 for p in model.parameters())
    assert any(not torch.equal(before[name], p) for name, p in model.state_dict().items())
    assert num_lanes(model) == 1


def test_a_key_head_may_serve_several_query_heads():
    cpu, gpu = Single(device="cpu"), Single(device="cuda")
    expected, wanted = loss_and_gradients(made("llama", cpu, kv_heads=1), cpu)
    model = made("llama", gpu, kv_heads=1)
    set_precision(model, "bfloat16")
    found, gradients = loss_and_gradients(model, gpu)
    assert found == pytest.approx(expected, rel=0.05)
    for name, gradient in gradients.items():
        assert (gradient - wanted[name]).norm() <= 0.1 * wanted[name].norm() + 1e-4, name


@pytest.mark.parametrize("entries", [64, 200, 20_000])
@pytest.mark.parametrize("lengths", [[1024] * 8, [1024, 900, 31, 700, 5, 1024, 512, 333]], ids=["even", "ragged"])
def test_gradients_have_the_same_bits_every_time(lengths, entries):
    engine = Single(device="cuda")
    model = made("llama", engine, entries=entries)
    set_precision(model, "bfloat16")
    generator = torch.Generator().manual_seed(2)
    # most tokens are of few kinds, as in text
    kinds = 5 + ((entries - 5) * torch.rand(sum(lengths), generator=generator) ** 4).long()
    texts = [part.tolist() for part in kinds.split(lengths)]
    batch = engine.place(Batch.of(texts))
    runs = []
    for _ in range(3):
        model.zero_grad()
        loss = model(batch, targets=batch.input_ids)
        engine.backward(loss)
        runs.append({"loss": loss.detach()} | {name: p.grad.clone() for name, p in model.named_parameters()})
    first, *others = runs
    assert [name for name in first if any(not torch.equal(first[name], other[name]) for other in others)] == []


def passes_of(layout, fuse, recorded):
    """Sums and gradients of three steps of four batches; before the first, a pass that is never recorded."""
    engine, objective, tokens = Single(device="cuda"), CausalLM(), 2048
    model = made(layout, engine, context=tokens)
    set_precision(model, "bfloat16")
    set_fusion(model, tokens if fuse else 0)

    def make(model, batch, draws):
        loss, count = objective.loss(model, batch, draws)
        engine.backward(loss)
        return torch.stack([loss.detach().double(), count.double()])

    def make_with_room(model, batch, draws):
        return make(model, with_room(batch, room_for(batch.num_documents), tokens), draws)

    draw, batches = np.random.default_rng(0), []
    for number in (7, 12, 40, 7):  # 7 and 12 documents fit one recording, 40 need another
        cuts = np.sort(draw.choice(np.arange(1, tokens), number - 1, replace=False))
        ids = draw.integers(5, 64, tokens)
        row = Example(ids, np.roll(ids, -1), bounds=np.array([0, *cuts, tokens]))
        batches.append(engine.place(objective.collate([row], Draws(0, ((0, 0),)), model.config)))
    passes = CudaGraphs(make, tokens)
    assert all(passes.takes(model, batch) for batch in batches)
    sums, gradients = [make(model, batches[0], Draws(0, ()))], []
    for _ in range(3):
        sums += [(passes if recorded else make_with_room)(model, batch, Draws(0, ())) for batch in batches]
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters()})
        model.zero_grad()
    return torch.stack(sums).tolist(), gradients


@pytest.mark.parametrize("fuse", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("layout", ["llama", "qwen3"])
def test_recorded_passes_have_the_bits_of_plain_ones(layout, fuse):
    sums, gradients = passes_of(layout, fuse, recorded=False)
    others, recorded = passes_of(layout, fuse, recorded=True)
    assert sums == others
    for plain, other in zip(gradients, recorded, strict=True):
        assert [name for name in plain if not torch.equal(plain[name], other[name])] == []


def test_a_batch_is_placed_with_what_is_known_of_it():
    batch = Single(device="cuda").place(Batch.of(DOCUMENTS, labels=torch.tensor([-100, 5] * 48)[:95]))
    assert batch.bounds.is_cuda
    assert not batch.known_bounds.is_cuda
    assert batch.labelled_tokens.is_cuda
    assert batch.labelled_tokens.tolist() == list(range(1, 95, 2))
