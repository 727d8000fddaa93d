import numpy as np
import torch

from firstwords.model import attention_kernels as kernels
from firstwords.model.attention import Segments
from firstwords.model.batch import Batch
from firstwords.model.rows import array


def test_heads_go_to_their_rows_and_come_back():
    batch = Batch.of([[0] * 3, [0] * 5])
    layout = Segments(batch, True).layout
    tokens = torch.randn(8, 2 * 4)
    spread, along, back = torch.zeros(layout.num_slots * 2, 4), torch.zeros(layout.num_slots * 2), torch.empty(8, 8)
    two = np.uint64(2)
    kernels.gather_heads_gradient(array(tokens), array(tokens), *layout.places, two, array(spread), array(along))
    kernels.gather_heads(array(spread), *layout.places, two, array(back))
    assert torch.equal(back, tokens)
    heads = tokens.view(8, 2, 4)
    # The longer document comes first: head 0, then head 1, five slots each.
    assert torch.equal(spread[:10].view(2, 5, 4), heads[3:].transpose(0, 1))
    assert torch.allclose(along[:10].view(2, 5), heads[3:].square().sum(-1).T)


def test_shares_leave_out_padding_and_what_comes_later():
    scores = torch.randn(2, 4, 4)
    for causal in (True, False):
        found, sums = scores.clone(), torch.empty(2, 4)
        visible, buffer = np.array([4, 3]), np.empty(4, np.float32)
        kernels.shares_of_scores(array(found), np.float32(0.5), 0, visible, causal, array(sums), buffer)
        hidden = torch.ones(4, 4).triu(1).bool() if causal else torch.zeros(4, 4).bool()
        hidden = hidden.repeat(2, 1, 1)
        if not causal:
            hidden[1, :, 3] = True
        masked = (0.5 * scores).masked_fill(hidden, -torch.inf)
        assert torch.allclose(found, masked.softmax(-1), atol=1e-6)
        assert torch.allclose(sums, masked.logsumexp(-1), atol=1e-6)


def test_shares_are_found_again_with_their_gradient():
    scores, gradient = torch.randn(1, 3, 3, requires_grad=True), torch.randn(1, 3, 3)
    shares = (0.5 * scores).softmax(-1)
    (expected,) = torch.autograd.grad(shares, scores, gradient)
    sums, along = (0.5 * scores).logsumexp(-1), (shares * gradient).sum(-1)
    found, slope = scores.detach().clone(), gradient.clone()
    kernels.scores_gradient(
        array(found), array(slope), np.float32(0.5), 0, np.array([3]), False, array(sums), array(along)
    )
    assert torch.allclose(found, shares.detach(), atol=1e-6)
    assert torch.allclose(slope, expected, atol=1e-6)
