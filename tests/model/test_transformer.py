import pytest
import torch

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model

DOCUMENTS = [[5, 6, 7, 8], [9], list(range(10, 33)), [1, 2, 3]]


def config(layout="qwen3", **given):
    sizes = {"width": 32, "num_heads": 4, "num_kv_heads": 2, "mlp_width": 48} | given
    return ModelConfig.from_depth(2, layout=layout, vocab_size=64, mask_id=3, **sizes)


def awake(model, seed=0):
    """Output projections start at zero; a test of what blocks do needs them to do something."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


@pytest.fixture(params=["qwen3", "llama", "eurobert"])
def model(request):
    sizes = config(request.param)
    return awake(Model(sizes, make_head("language_model", sizes))).double()


def test_documents_together_equal_documents_alone(model):
    together = model(Batch.of(DOCUMENTS))
    alone = torch.cat([model(Batch.of([document])) for document in DOCUMENTS])
    assert torch.allclose(together, alone, atol=1e-10)


def test_only_causal_layouts_cannot_see_the_future(model):
    before = model(Batch.of([[5, 6, 7, 8]]))[:3]
    after = model(Batch.of([[5, 6, 7, 9]]))[:3]
    assert torch.allclose(before, after) == model.config.causal


def test_gradients_of_a_batch_are_the_sum_over_its_documents(model):
    def gradients(documents):
        model.zero_grad()
        targets = torch.tensor([token for document in documents for token in document])
        model(Batch.of(documents), targets=targets).backward()
        return [parameter.grad.clone() for parameter in model.parameters()]

    together = gradients(DOCUMENTS)
    alone = [sum(parts) for parts in zip(*(gradients([document]) for document in DOCUMENTS), strict=True)]
    assert all(torch.allclose(a, b, atol=1e-9) for a, b in zip(together, alone, strict=True))
    assert all(gradient.abs().max() > 0 for gradient in together)


def test_embeddings_may_be_given(model):
    batch = Batch.of(DOCUMENTS)
    embeddings = model.backbone.embed(batch.input_ids).detach().requires_grad_()
    assert torch.equal(model(batch, embeddings), model(batch))
    (gradient,) = torch.autograd.grad(model(batch, embeddings, targets=batch.input_ids), embeddings)
    assert gradient.abs().min() >= 0
    assert gradient.any()


def test_initial_weights_are_a_function_of_the_seed_alone():
    sizes = config()
    torch.manual_seed(1)
    first = Model(sizes, make_head("language_model", sizes), seed=7)
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    second = Model(sizes, make_head("language_model", sizes), seed=7)
    other = Model(sizes, make_head("language_model", sizes), seed=8)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.backbone.embed_tokens.weight, other.backbone.embed_tokens.weight)
    torch.manual_seed(1)
    Model(sizes, make_head("language_model", sizes))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_new_model_is_the_identity_under_its_head():
    sizes = config()
    model = Model(sizes, make_head("language_model", sizes))
    batch = Batch.of(DOCUMENTS)
    expected = model.backbone.norm(model.backbone.embed(batch.input_ids))
    assert torch.equal(model.backbone(batch), expected)
    assert all(parameter.isfinite().all() for parameter in model.parameters())


def test_tied_embeddings_are_one_parameter():
    sizes = config(tie_embeddings=True)
    model = Model(sizes, make_head("language_model", sizes))
    assert model.head.lm_head.weight is model.backbone.embed_tokens.weight
    assert "head.lm_head.weight" not in dict(model.named_parameters())
    classifier = Model(sizes, make_head("sequence", sizes, ("a", "b")))
    assert "head.score.weight" in dict(classifier.named_parameters())


def test_float32_and_float64_agree():
    sizes = config()
    model = awake(Model(sizes, make_head("language_model", sizes)))
    single = model(Batch.of(DOCUMENTS))
    double = model.double()(Batch.of(DOCUMENTS))
    assert double.dtype == torch.float64
    assert torch.allclose(single.double(), double, atol=1e-5)


def test_products_in_half_precision_change_loss_and_gradients_by_its_rounding_only(model):
    batch, model = Batch.of(DOCUMENTS), model.float()

    def loss_and_gradients():
        model.zero_grad()
        loss = model(batch, targets=batch.input_ids, z_loss=1e-4)
        loss.backward()
        return loss, torch.cat([p.grad.flatten() for p in model.parameters()])

    exact, gradients = loss_and_gradients()
    model.autocast = torch.bfloat16
    half, found = loss_and_gradients()
    assert half.dtype == found.dtype == torch.float32
    assert not torch.equal(gradients, found)
    assert half.item() == pytest.approx(exact.item(), rel=0.02)  # bfloat16 has 8 bits
    assert (found - gradients).norm() < 0.05 * gradients.norm()
