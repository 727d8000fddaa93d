"""A half of a block as one operation gives what its steps give one after another, and keeps no more."""

import pytest
import torch

from firstwords.model import kernel_halves
from firstwords.model.batch import Batch
from firstwords.model.halves import attention_onto, feed_forward_onto, goes_by_halves
from firstwords.model.heads_apart import Heads, attend_apart
from firstwords.model.mixed_attention import attention_of
from firstwords.model.operations import gated_unit, rotary_angles
from firstwords.model.products import linear, normed_linear

WIDTH, HEADS, SIZE = 32, 4, 8


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    # Kernels of whole halves have tests of their own, against exact numbers.
    monkeypatch.setattr(kernel_halves, "goes_by_kernels", lambda *given: False)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def differ(one, other, tensors, half):
    """The largest difference of results and gradients, as a share of the largest number."""
    found = []
    for function in (one, other):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            result = function()
        wanted = [each for each in tensors if each.requires_grad]
        found.append([result, *torch.autograd.grad(result, wanted, torch.ones_like(result).cumsum(0) / len(result))])
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("frozen", [(), (0,), (1, 2), (3, 4)])
def test_the_gated_half(half, frozen):
    shapes = [(19, WIDTH), (WIDTH,), (48, WIDTH), (48, WIDTH), (WIDTH, 48)]
    tensors = [numbers(*shape, seed=n) for n, shape in enumerate(shapes)]
    for number in frozen:
        tensors[number].requires_grad_(False)
    x, scales, gate, up, down = tensors
    by_steps = lambda: x + linear(gated_unit(normed_linear(x, scales, 1e-5, gate, up)), down)  # noqa: E731
    whole = lambda: feed_forward_onto(x, scales, 1e-5, gate, up, down)  # noqa: E731
    assert differ(whole, by_steps, tensors, half) < 1e-6


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize(("kv_heads", "normed"), [(4, False), (2, True)])
@pytest.mark.parametrize("frozen", [(), (0,), (2, 3, 4)])
def test_the_half_of_attention(half, kv_heads, normed, frozen):
    batch = Batch.of([[5] * 11, [6] * 3, [7] * 9])
    shapes = [(23, WIDTH), (WIDTH,), (HEADS * SIZE, WIDTH), (kv_heads * SIZE, WIDTH), (kv_heads * SIZE, WIDTH)]
    shapes += [(WIDTH, HEADS * SIZE), (SIZE,), (SIZE,)]
    tensors = [numbers(*shape, seed=n) for n, shape in enumerate(shapes)]
    for number in frozen:
        tensors[number].requires_grad_(False)
    x, scales, *matrices, out, of_queries, of_keys = tensors
    angles = rotary_angles(batch.positions, SIZE, 1e4, torch.float32)
    heads = Heads(HEADS, kv_heads, SIZE, (of_queries, of_keys) if normed else (), angles, 1e-5)
    layout = attention_of(batch, causal=True).layout
    by_steps = lambda: x + linear(attend_apart(normed_linear(x, scales, 1e-5, *matrices), heads, layout), out)  # noqa: E731
    whole = lambda: attention_onto(x, scales, tuple(matrices), out, heads, layout)  # noqa: E731
    used = tensors if normed else tensors[:-2]
    assert differ(whole, by_steps, used, half) < 1e-6


def test_what_is_kept_is_kept_by_torch_and_can_be_computed_again():
    from torch.utils.checkpoint import checkpoint

    tensors = [numbers(*shape, seed=n) for n, shape in enumerate([(19, 8), (8,), (16, 8), (16, 8), (8, 16)])]
    x, scales, *weights = tensors
    whole = lambda: feed_forward_onto(x, scales, 1e-5, *weights)  # noqa: E731
    again = lambda: checkpoint(feed_forward_onto, x, scales, 1e-5, *weights, use_reentrant=False)  # noqa: E731
    assert differ(again, whole, tensors, False) == 0
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.shape) or t, lambda t: t):
        whole()
    assert (19, 32) in kept  # gate and up; nothing is kept beside torch's list


def test_only_a_stream_in_float32_goes_by_halves():
    x = numbers(3, 4)
    assert goes_by_halves(x, x)
    assert not goes_by_halves(x, x.bfloat16())
    assert not goes_by_halves(x.double())
