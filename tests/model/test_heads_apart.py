import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from firstwords.model import batched_heads, matrix_kernels
from firstwords.model.attention import Segments
from firstwords.model.batch import Batch
from firstwords.model.heads_apart import Heads, attend_apart, beside, in_order, turned_heads
from firstwords.model.mixed_attention import MixedSegments, layout_apart
from firstwords.model.operations import rotary_angles, rotate

SIZE = 6


def inputs(batch, num_heads, num_kv_heads, dtype=torch.float32):
    """Joint heads, scales of two norms, angles."""
    generator = torch.Generator().manual_seed(batch.num_tokens)
    joint = torch.randn(batch.num_tokens, (num_heads + 2 * num_kv_heads) * SIZE, generator=generator).to(dtype)
    scales = [torch.rand(SIZE, generator=generator) + 0.5 for _ in range(2)]
    return joint, scales, rotary_angles(batch.positions, SIZE, 1e4, torch.float64)


def turned(joint, scales, angles, num_heads, num_kv_heads):
    """The same in torch's operations, in float64."""
    heads = joint.unflatten(-1, (num_heads + 2 * num_kv_heads, SIZE))
    query, key, value = heads.split([num_heads, num_kv_heads, num_kv_heads], 1)
    if scales:
        query, key = (F.rms_norm(x, (SIZE,), scale, 1e-5) for x, scale in zip((query, key), scales, strict=True))
    if angles:
        query, key = (rotate(x, *angles) for x in (query, key))
    return query, key, value


def one_by_one(batch, causal, query, key, value):
    """Attention of every document alone; `causal` of each."""
    results = []
    bounds = batch.bounds.tolist()
    for start, end, is_causal in zip(bounds[:-1], bounds[1:], causal, strict=True):
        parts = (x[start:end].transpose(0, 1)[None] for x in (query, key, value))
        mixed = F.scaled_dot_product_attention(*parts, is_causal=is_causal, enable_gqa=True)
        results.append(mixed[0].transpose(0, 1).flatten(1))
    return torch.cat(results)


def check(
    batch, layout, causal, num_heads, num_kv_heads, normed=True, turning=True, tolerance=1e-5, dtype=torch.float32
):
    joint, scales, angles = inputs(batch, num_heads, num_kv_heads, dtype)
    scales, angles = scales if normed else [], angles if turning else ()
    given = [x.clone().requires_grad_() for x in (joint, *scales)]
    exact = [x.detach().double().requires_grad_() for x in given]
    heads = Heads(num_heads, num_kv_heads, SIZE, tuple(given[1:]), tuple(x.float() for x in angles), 1e-5)
    found = attend_apart(given[0], heads, layout)
    expected = one_by_one(batch, causal, *turned(exact[0], exact[1:], angles, num_heads, num_kv_heads))
    weight = torch.randn(expected.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    ours = [found, *torch.autograd.grad(found, given, weight.to(dtype))]
    theirs = [expected, *torch.autograd.grad(expected, exact, weight.to(dtype).double())]
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == (torch.float32 if a.ndim == 1 else dtype)
        assert (a - b).norm() <= tolerance * b.norm() + 1e-6


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=9),
    causal=st.booleans(),
    kv_heads=st.sampled_from([1, 2, 4]),
    normed=st.booleans(),
)
def test_every_document_attends_to_itself_alone(lengths, causal, kv_heads, normed):
    batch = Batch.of([[0] * length for length in lengths])
    check(batch, Segments(batch, causal).layout, [causal] * len(lengths), 4, kv_heads, normed)


def test_heads_that_are_neither_normalised_nor_turned():
    batch = Batch.of([[0] * 9, [0] * 4])
    check(batch, Segments(batch, False).layout, [False] * 2, 3, 3, normed=False, turning=False)


@settings(deadline=None, max_examples=20)
@given(lengths=st.lists(st.integers(1, 20), min_size=2, max_size=6), data=st.data())
def test_causal_documents_and_others_lie_in_one_batch(lengths, data):
    number = data.draw(st.integers(1, len(lengths) - 1))
    batch = Batch.of([[0] * length for length in lengths])
    layout = MixedSegments(batch, number).layout
    check(batch, layout, [True] * number + [False] * (len(lengths) - number), 2, 1)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("at_once", [1, 700, 2**20])
def test_neither_blocks_nor_how_many_scores_are_held_leave_a_trace(causal, at_once, monkeypatch):
    monkeypatch.setattr(batched_heads, "SCORES_AT_ONCE", at_once)
    monkeypatch.setattr(batched_heads, "CAUSAL_BLOCK", 8)
    batch = Batch.of([[0] * length for length in (16, 31, 7, 40, 16)])
    check(batch, Segments(batch, causal).layout, [causal] * 5, 2, 2)


def test_half_precision_costs_no_more_than_its_roundings():
    batch = Batch.of([[0] * 30, [0] * 12])
    check(batch, Segments(batch, True).layout, [True] * 2, 4, 2, tolerance=0.02, dtype=torch.bfloat16)


@pytest.mark.parametrize("normed", [True, False])
def test_heads_beside_each_other_are_normalised_and_turned(normed):
    batch = Batch.of([[0] * 7, [0] * 5])
    joint, scales, angles = inputs(batch, 4, 2)
    given = [x.clone().requires_grad_() for x in (joint, *(scales if normed else []))]
    exact = [x.detach().double().requires_grad_() for x in given]
    heads = Heads(4, 2, SIZE, tuple(given[1:]), tuple(x.float() for x in angles), 1e-5)
    found, expected = turned_heads(given[0], heads), turned(exact[0], exact[1:], angles, 4, 2)
    assert [tuple(x.shape) for x in found] == [(12, 4, SIZE), (12, 2, SIZE), (12, 2, SIZE)]
    weights = [torch.randn(x.shape, dtype=torch.float64) for x in expected]
    ours = torch.autograd.grad(sum((x * w.float()).sum() for x, w in zip(found, weights, strict=True)), given)
    theirs = torch.autograd.grad(sum((x * w).sum() for x, w in zip(expected, weights, strict=True)), exact)
    for a, b in zip([*found, *ours], [*expected, *theirs], strict=True):
        assert torch.allclose(a.double(), b, atol=1e-5)


def test_a_layout_gives_each_token_a_slot_of_its_own():
    batch = Batch.of([[0] * length for length in (3, 9, 1, 8)])
    layout = Segments(batch, True).layout
    slots = layout.first + layout.slot
    assert len(set(slots.tolist())) == batch.num_tokens
    assert slots.max() < layout.num_slots
    assert sorted(layout.real.tolist()) == [1, 3, 8, 9]
    assert not layout.is_full
    assert in_order(5).is_full
    both = beside(layout, in_order(5))
    assert both.num_slots == layout.num_slots + 5
    assert both.first[-1] == np.uint64(layout.num_slots + 4)


def test_where_heads_are_attended_to_apart(monkeypatch):
    attention = Segments(Batch.of([[0] * 9]), True)
    assert layout_apart(attention, torch.bfloat16, SIZE) is not None
    assert layout_apart(attention, torch.float32, SIZE) is None
    for can in (True, False):
        monkeypatch.setattr(matrix_kernels, "multiplies", lambda dtype, can=can: can)
        assert (layout_apart(attention, torch.float32, 32) is not None) == can
