import pytest
import torch
from torch.nn import functional as F

from firstwords.model import cross_entropy
from firstwords.model.cross_entropy import sum_cross_entropy, token_nats


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(53, 8, dtype=torch.float64, generator=generator, requires_grad=True)
    weight = torch.randn(30, 8, dtype=torch.float64, generator=generator, requires_grad=True)
    targets = torch.randint(0, 30, (53,), generator=generator)
    targets[::5] = -100
    return hidden, weight, targets


def plain(hidden, weight, targets, z_loss):
    logits = hidden @ weight.T
    squares = torch.logsumexp(logits, 1)[targets >= 0].square().sum()
    return F.cross_entropy(logits, targets, reduction="sum") + z_loss * squares


@pytest.mark.parametrize("z_loss", [0.0, 0.1])
@pytest.mark.parametrize("chunk_numbers", [30 * 16, 30 * 20, 10**6])
def test_loss_and_gradients_equal_the_plain_way(problem, z_loss, chunk_numbers, monkeypatch):
    monkeypatch.setattr(cross_entropy, "CHUNK_NUMBERS", chunk_numbers)
    hidden, weight, targets = problem
    ours, expected = sum_cross_entropy(hidden, weight, targets, z_loss), plain(hidden, weight, targets, z_loss)
    assert torch.allclose(ours, expected)
    # A factor behind the sum, as division by the count is, must reach the gradients.
    for a, b in zip(
        torch.autograd.grad(ours * 0.3, (hidden, weight)),
        torch.autograd.grad(expected * 0.3, (hidden, weight)),
        strict=True,
    ):
        assert torch.allclose(a, b, atol=1e-12)


def test_a_frozen_head_gets_no_gradient(problem):
    hidden, weight, targets = problem
    loss = sum_cross_entropy(hidden, weight.detach(), targets)
    (ours,) = torch.autograd.grad(loss, hidden)
    (expected,) = torch.autograd.grad(plain(hidden, weight.detach(), targets, 0.0), hidden)
    assert torch.allclose(ours, expected)


def test_large_logits_do_not_overflow():
    hidden = torch.full((4, 2), 1e4)
    weight = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    assert sum_cross_entropy(hidden, weight, torch.zeros(4, dtype=torch.int64)) == 0
    assert torch.isfinite(sum_cross_entropy(hidden, weight, torch.ones(4, dtype=torch.int64)))


def test_single_precision_stays_close_to_double(problem):
    hidden, weight, targets = problem
    loss = sum_cross_entropy(hidden.float(), weight.float(), targets)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(plain(hidden, weight, targets, 0.0).item(), rel=1e-6)


def test_token_losses_add_up_to_the_sum(problem, monkeypatch):
    monkeypatch.setattr(cross_entropy, "CHUNK_NUMBERS", 30 * 16)
    hidden, weight, targets = problem
    kept = targets >= 0
    nats = token_nats(hidden[kept], weight, targets[kept])
    assert torch.allclose(nats.sum(), plain(hidden, weight, targets, 0.0))
    assert not nats.requires_grad


def test_logits_are_never_whole():
    """Peak of new memory stays far below the logits' size."""
    rows, vocabulary = 4096, 16384
    hidden = torch.randn(rows, 16, requires_grad=True)
    weight = torch.randn(vocabulary, 16, requires_grad=True)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        sum_cross_entropy(hidden, weight, torch.zeros(rows, dtype=torch.int64)).backward()
    largest = max(event.self_cpu_memory_usage / max(1, event.count) for event in profile.key_averages())
    assert largest <= 4 * cross_entropy.CHUNK_NUMBERS * 1.1 < rows * vocabulary * 4 / 4
