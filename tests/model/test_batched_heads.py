"""Attention by batched products is that of float64, padding or not."""

import pytest
import torch
from torch.nn import functional as F

from firstwords.model.attention import Segments
from firstwords.model.batch import Batch
from firstwords.model.batched_heads import attend_batched, attend_batched_gradient

HEADS, SIZE = 2, 6


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("lengths", [(5, 5), (9, 7, 2)])
def test_attention_and_its_gradient(causal, lengths):
    layout = Segments(Batch.of([[0] * length for length in lengths]), causal).layout
    generator = torch.Generator().manual_seed(0)
    shape = (layout.num_slots * HEADS, SIZE)
    spread = tuple(torch.randn(shape, generator=generator) for _ in range(3))
    outer, sums, result = torch.zeros(shape), torch.empty(shape[0]), torch.empty(shape)
    attend_batched(spread, layout, HEADS, sums, result)
    along, slopes = torch.zeros(shape[0]), tuple(torch.empty(shape) for _ in range(3))
    begin = document = 0
    parts = []
    for documents, slots, _ in layout.groups:
        for number in range(documents * HEADS):
            parts.append(slice(begin, begin + int(layout.real[document + number // HEADS])))
            begin += slots
        document += documents
    for part in parts:
        outer[part] = torch.randn(outer[part].shape, generator=generator)
        along[part] = (outer[part] * result[part]).sum(-1)
    attend_batched_gradient(spread, outer, layout, HEADS, (sums, along), slopes)
    for part in parts:
        exact = [x[part].double()[None].requires_grad_() for x in spread]
        mixed = F.scaled_dot_product_attention(*exact, is_causal=causal)
        expected = mixed, *torch.autograd.grad(mixed, exact, outer[part].double()[None])
        for found, right in zip((result, *slopes), expected, strict=True):
            assert torch.allclose(found[part].double(), right[0].detach(), atol=1e-5)
