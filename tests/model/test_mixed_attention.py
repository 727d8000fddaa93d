"""A batch of causal and bidirectional documents gives what each would give alone."""

import pytest
import torch

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model

CONFIG = ModelConfig.from_depth(2, layout="llama", vocab_size=30, width=32, num_heads=2, context=16)
DOCUMENTS = [[5, 6, 7, 8], [9, 10], [11, 12, 13, 14, 15], [16, 17, 18], [19]]


@pytest.fixture(scope="module")
def model():
    made = Model(CONFIG, make_head("language_model", CONFIG), seed=2).double().eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return made


@pytest.mark.parametrize("num_causal", range(6))
def test_each_document_is_read_as_alone(model, num_causal):
    together = model.backbone(Batch.of(DOCUMENTS, num_causal=num_causal)).split([len(d) for d in DOCUMENTS])
    for number, (document, hidden) in enumerate(zip(DOCUMENTS, together, strict=True)):
        alone = model.backbone(Batch.of([document], num_causal=int(number < num_causal)))
        assert torch.allclose(hidden, alone, atol=1e-12)  # float64, another order of summation


def test_the_two_directions_differ_and_none_is_what_the_layout_says(model):
    causal, both = (model.backbone(Batch.of(DOCUMENTS[:1], num_causal=number)) for number in (1, 0))
    assert not torch.allclose(causal[0], both[0])
    assert torch.equal(model.backbone(Batch.of(DOCUMENTS[:1])), causal)


def test_causal_documents_ignore_what_follows_and_bidirectional_ones_do_not(model):
    changed = [[*DOCUMENTS[0][:3], 20], DOCUMENTS[1], DOCUMENTS[2], [16, 17, 20], DOCUMENTS[4]]
    before, after = (model.backbone(Batch.of(each, num_causal=2)) for each in (DOCUMENTS, changed))
    assert torch.allclose(before[:3], after[:3], atol=1e-12)
    assert not torch.allclose(before[11], after[11])


def test_gradients_reach_all_parts(model):
    batch = Batch.of(DOCUMENTS, num_causal=2)
    embeddings = model.backbone.embed(batch.input_ids).detach().requires_grad_()
    model(batch, embeddings).sum().backward()
    assert (embeddings.grad.abs().sum(1) > 0).all()
