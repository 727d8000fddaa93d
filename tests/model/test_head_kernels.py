"""Attention of heads by kernels is that of float64, at edges of its blocks and registers too."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from firstwords.model import head_kernels as kernels
from firstwords.model.matrix_kernels import multiplies
from firstwords.model.rows import array

DTYPES = [dtype for dtype in (torch.float32, torch.bfloat16) if multiplies(dtype)]
pytestmark = pytest.mark.skipif(not DTYPES, reason="this processor lacks the instructions")
TOLERANCE = {torch.float32: 2e-6, torch.bfloat16: 1.5e-2}
HEADS = 2
lengths = st.integers(1, 24) | st.sampled_from([63, 64, 65, 127, 128, 130])


@pytest.mark.parametrize("dtype", DTYPES)
@given(length=lengths, more=st.integers(0, 3), causal=st.booleans(), size=st.sampled_from([16, 32, 48]))
def test_attention_of_documents_of_any_length(dtype, length, more, causal, size):
    real = np.array([length, max(1, length - 5)])
    slots = length + more
    shape = (len(real) * HEADS * slots, size)
    generator = torch.Generator().manual_seed(length)
    query, key, value, outer = (torch.randn(shape, generator=generator).to(dtype) for _ in range(4))
    documents = np.array([[n * slots, slots, count, causal] for n, count in enumerate(real)], np.int64)
    sums, along = torch.empty(len(query)), torch.zeros(len(query))
    result = torch.full_like(query, 7)
    kernels.attend_heads(*(array(x) for x in (query, key, value)), documents, HEADS, array(sums), array(result))
    slopes = [torch.full(shape, 7.0) for _ in range(3)]
    expected = [x.double().unflatten(0, (-1, slots)).requires_grad_() for x in (query, key, value)]
    outers = outer.double().unflatten(0, (-1, slots))
    mixed = torch.zeros_like(outers)
    for head, count in enumerate(real.repeat(HEADS)):
        q, k, v = (x[head : head + 1, :count] for x in expected)
        mixed[head, :count] = F.scaled_dot_product_attention(q, k, v, is_causal=causal)[0]
        slot = slice(head * slots, head * slots + int(count))
        along[slot] = (mixed[head, :count] * outers[head, :count]).sum(-1).float()
    given_ = (array(x) for x in (query, key, value, outer))
    filled = (array(x) for x in (sums, along, *slopes))
    kernels.attend_heads_gradient(*given_, documents, HEADS, *filled)
    real_slots = torch.cat([torch.arange(slots) < count for count in real.repeat(HEADS)])
    found = [result, *slopes]
    exact = torch.autograd.grad(mixed, expected, outers * real_slots.view(-1, slots, 1))
    for each, right in zip(found, (mixed, *exact), strict=True):
        difference = (each.double() - right.flatten(0, 1).detach())[real_slots]
        # Where little is seen, a gradient is the small difference of larger numbers.
        assert difference.norm() <= TOLERANCE[dtype] * max(float(right.norm()), float(outers.norm()))
        assert (each[~real_slots] == 7).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_number_that_is_none_reaches_only_who_sees_it(dtype):
    query, key, value = (torch.randn(70, 16, generator=torch.Generator().manual_seed(n)).to(dtype) for n in range(3))
    key[66] = float("nan")
    sums, result = torch.empty(70), torch.empty_like(query)
    documents = np.array([[0, 70, 70, True]], np.int64)
    kernels.attend_heads(*(array(x) for x in (query, key, value)), documents, 1, array(sums), array(result))
    assert result[:66].isfinite().all()
    assert result[66:].isnan().all()
