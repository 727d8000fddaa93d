import pytest
import torch
from torch.nn.functional import cross_entropy

from firstwords.model import cross_entropy as chunks
from firstwords.model.token_loss import token_cross_entropy


@pytest.mark.parametrize("rows", [3, 1000])
def test_losses_and_gradients_are_those_of_torch(monkeypatch, rows):
    monkeypatch.setattr("firstwords.model.token_loss.chunk_rows", lambda weight: rows)
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(10, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(20, 8, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(20, (10,), generator=generator)
    factors = torch.randn(10, generator=generator, dtype=torch.float64)
    ours = token_cross_entropy(hidden, weight, targets)
    theirs = cross_entropy(hidden @ weight.T, targets, reduction="none")
    assert torch.allclose(ours, theirs, atol=1e-12)
    mine = torch.autograd.grad((ours * factors).sum(), (hidden, weight))
    other = torch.autograd.grad((theirs * factors).sum(), (hidden, weight))
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(mine, other, strict=True))


def test_it_sums_to_the_loss_of_the_whole():
    hidden, weight, targets = torch.randn(7, 4), torch.randn(9, 4), torch.arange(7)
    total = chunks.sum_cross_entropy(hidden, weight, targets)
    assert torch.allclose(token_cross_entropy(hidden, weight, targets).sum(), total, rtol=1e-5)  # float32 sums
