import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from firstwords.model.attention import Segments, dot_product_attention
from firstwords.model.batch import Batch

HEADS, KEY_HEADS, SIZE = 4, 2, 6


def tensors(num_tokens):
    generator = torch.Generator().manual_seed(num_tokens)
    shapes = ((num_tokens, heads, SIZE) for heads in (HEADS, KEY_HEADS, KEY_HEADS))
    return [torch.randn(s, dtype=torch.float64, generator=generator, requires_grad=True) for s in shapes]


def one_by_one(batch, causal, query, key, value):
    """Attention of every document alone, written out."""
    results = []
    for start, end in zip(batch.bounds[:-1].tolist(), batch.bounds[1:].tolist(), strict=True):
        q = query[start:end].transpose(0, 1)
        k, v = (x[start:end].transpose(0, 1).repeat_interleave(HEADS // KEY_HEADS, dim=0) for x in (key, value))
        scores = q @ k.mT / SIZE**0.5
        if causal:
            scores = scores.masked_fill(torch.ones(end - start, end - start).triu(1).bool(), -torch.inf)
        results.append((scores.softmax(-1) @ v).transpose(0, 1).flatten(1))
    return torch.cat(results)


@settings(deadline=None, max_examples=40)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=9), causal=st.booleans())
def test_every_document_attends_to_itself_alone(lengths, causal):
    batch = Batch.of([[0] * length for length in lengths])
    inputs = tensors(batch.num_tokens)
    expected = one_by_one(batch, causal, *inputs)
    result = Segments(batch, causal).attend(0, *inputs)
    assert torch.allclose(result, expected, atol=1e-10)
    weight = torch.randn(result.shape, dtype=torch.float64)
    ours = torch.autograd.grad(result, inputs, weight)
    theirs = torch.autograd.grad(expected, inputs, weight)
    assert all(torch.allclose(a, b, atol=1e-10) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("lengths", [[5, 5, 5], [3, 9, 1, 30]])
def test_a_change_in_one_document_reaches_no_other(lengths):
    batch = Batch.of([[0] * length for length in lengths])
    query, key, value = tensors(batch.num_tokens)
    before = Segments(batch, causal=False).attend(0, query, key, value)
    changed = value.detach().clone()
    changed[: lengths[0]] = torch.inf
    after = Segments(batch, causal=False).attend(0, query, key, changed)
    assert torch.equal(before[lengths[0] :], after[lengths[0] :])
    assert not after[: lengths[0]].isfinite().any()


def test_documents_of_one_length_are_not_copied():
    assert Segments(Batch.of([[1, 2]] * 3), causal=True).uniform_length == 2
    assert Segments(Batch.of([[1, 2], [3]]), causal=True).uniform_length is None


def test_padding_is_bounded():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 257, (200,), generator=generator).tolist()
    segments = Segments(Batch.of([[0] * length for length in lengths]), causal=True)
    slots = sum(documents * longest for documents, longest in segments.shapes)
    assert slots <= sum(lengths) / 0.75
    assert len(segments._slots.padding) == segments.layout.num_slots - sum(lengths) == slots - sum(lengths)


def test_fewer_key_heads_serve_neighbouring_query_heads():
    query, key, value = (x.detach().transpose(0, 1)[None] for x in tensors(7))
    shared = dot_product_attention(query, key, value, causal=True)
    repeated = (x.repeat_interleave(2, dim=1) for x in (key, value))
    own = F.scaled_dot_product_attention(query, *repeated, is_causal=True).transpose(1, 2).flatten(2)
    assert torch.allclose(shared, own)
