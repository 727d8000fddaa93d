"""The backbone of BERT's family by itself; that it is transformers' is shown in `test_bert_file`."""

import torch

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import SequenceHead, TokenHead
from firstwords.model.precision import set_precision
from firstwords.model.transformer import Model

CONFIG = ModelConfig(
    layout="bert", vocab_size=50, num_layers=2, width=16, num_heads=2, num_kv_heads=2, head_size=8, mlp_width=32,
    context=20, norm_epsilon=1e-12, token_types=2, pooling="bos",
)  # fmt: skip


def make(head, dtype=torch.float64):
    model = Model(CONFIG, head, seed=1).to(dtype)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator, dtype=dtype))
    return model


def test_documents_do_not_see_each_other():
    model = make(TokenHead(CONFIG, ("a", "b")))
    documents = [[3, 4, 5, 6, 7, 8], [9], [10, 11, 12]]
    together = model(Batch.of(documents))
    apart = torch.cat([model(Batch.of([document])) for document in documents])
    assert torch.allclose(together, apart, atol=1e-12)


def test_gradients_are_those_of_finite_differences():
    model = make(TokenHead(CONFIG, ("a", "b")))
    batch = Batch.of([[3, 4, 5, 6], [7, 8]])
    embeddings = model.backbone.embed(batch.input_ids).detach().requires_grad_()
    select = torch.tensor([1, 4])
    assert torch.autograd.gradcheck(lambda x: model(batch, embeddings=x, select=select), (embeddings,))


def test_leaving_out_what_is_not_read_changes_no_gradient():
    for head, select in (
        (SequenceHead(CONFIG, ("a", "b")), None),
        (TokenHead(CONFIG, ("a", "b")), torch.tensor([0, 5])),
    ):
        model = make(head)
        batch = Batch.of([[3, 4, 5, 6], [7, 8]])
        model(batch, select=select).square().sum().backward()
        found = {name: p.grad.clone() for name, p in model.named_parameters()}
        model.zero_grad()
        hidden = model.backbone(batch)
        model.head(hidden, batch, select=select).square().sum().backward()
        for name, parameter in model.named_parameters():
            assert torch.allclose(found[name], parameter.grad, atol=1e-12), name


def test_half_precision_learns_nearly_the_same():
    batch = Batch.of([[3, 4, 5, 6, 9, 11], [7, 8], [12, 13, 14]])
    select, targets = torch.tensor([0, 2, 5, 7, 9]), torch.tensor([0, 1, 1, 0, 1])
    found = {}
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for precision, dtype in (("float32", torch.float64), ("bfloat16", torch.float32)):
            model = make(TokenHead(CONFIG, ("a", "b"))).to(dtype)
            set_precision(model, precision)
            model(batch, select=select, targets=targets).backward()
            found[precision] = {name: p.grad for name, p in model.named_parameters()}
    finally:
        torch.set_num_threads(before)
    # A bias of keys shifts all scores of a query alike: its exact gradient is zero.
    names = [name for name, gradient in found["float32"].items() if gradient.norm() > 1e-9]
    assert len(names) > 20
    for name in names:
        exact = found["float32"][name]
        assert (found["bfloat16"][name] - exact).norm() < 0.05 * exact.norm(), name
