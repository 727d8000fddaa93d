"""Halves of blocks by kernels are those of float64, and as near to them as the libraries' products are."""

import pytest
import torch
from torch.nn import functional as F

from firstwords.model.batch import Batch
from firstwords.model.halves import attention_onto, feed_forward_onto
from firstwords.model.heads_apart import Heads
from firstwords.model.kernel_halves import WIDEST, goes_by_kernels
from firstwords.model.matrix_kernels import multiplies
from firstwords.model.mixed_attention import attention_of
from firstwords.model.operations import rotary_angles
from firstwords.model.transformer import attention_inputs

WIDTH, HEADS, SIZE = 48, 4, 16
DTYPES = [dtype for dtype in (torch.float32, torch.bfloat16) if multiplies(dtype)]
pytestmark = pytest.mark.skipif(not DTYPES, reason="this processor lacks the instructions")
TOLERANCE = {torch.float32: 3e-6, torch.bfloat16: 2e-2}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def numbers(*shape, seed=0):
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return (made / shape[-1] ** 0.5 if len(shape) > 1 else made * 0.1 + 1).requires_grad_()


def compare(by_kernels, exact, tensors, dtype):
    """Results and gradients of both, each as near as the type allows."""
    precise = [tensor.detach().double().requires_grad_() for tensor in tensors]
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
        result = by_kernels(*tensors)
    assert type(result.grad_fn).__module__ == "torch.autograd.function"
    outer = torch.randn(result.shape, generator=torch.Generator().manual_seed(9))
    found = [result, *torch.autograd.grad(result, tensors, outer)]
    right = exact(*precise)
    for one, other in zip(found, [right, *torch.autograd.grad(right, precise, outer.double())], strict=True):
        assert one.dtype == torch.float32
        assert (one.double() - other).norm() <= TOLERANCE[dtype] * other.norm()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [1, 8, 61])
def test_the_gated_half(dtype, rows):
    shapes = [(rows, WIDTH), (WIDTH,), (80, WIDTH), (80, WIDTH), (WIDTH, 80)]
    tensors = [numbers(*shape, seed=n) for n, shape in enumerate(shapes)]

    def exact(x, scales, gate, up, down):
        normal = F.rms_norm(x, (WIDTH,), scales, 1e-5)
        return x + (F.silu(normal @ gate.T) * (normal @ up.T)) @ down.T

    assert goes_by_kernels(tensors[0], (80,), *tensors[1:])
    compare(lambda x, scales, *weights: feed_forward_onto(x, scales, 1e-5, *weights), exact, tensors, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("kv_heads", "normed"), [(4, False), (2, True)])
@pytest.mark.parametrize("causal", [True, False])
def test_the_half_of_attention(dtype, kv_heads, normed, causal):
    batch = Batch.of([[5] * 70, [6] * 3, [7] * 21, [8]])
    shapes = [(95, WIDTH), (WIDTH,), (HEADS * SIZE, WIDTH), (kv_heads * SIZE, WIDTH), (kv_heads * SIZE, WIDTH)]
    shapes += [(WIDTH, HEADS * SIZE), *[(SIZE,), (SIZE,)][: 2 * normed]]
    tensors = [numbers(*shape, seed=n) for n, shape in enumerate(shapes)]
    attention = attention_of(batch, causal=causal)

    def by_kernels(x, scales, query, key, value, out, *of_heads):
        angles = rotary_angles(batch.positions, SIZE, 1e4, torch.float32)
        heads = Heads(HEADS, kv_heads, SIZE, tuple(of_heads), angles, 1e-5)
        return attention_onto(x, scales, (query, key, value), out, heads, attention.layout)

    def exact(x, scales, query, key, value, out, *of_heads):
        angles = rotary_angles(batch.positions, SIZE, 1e4, torch.float64)
        given = x, scales, (query, key, value), tuple(of_heads), angles, 1e-5, HEADS, kv_heads
        return x + attention.attend(0, *attention_inputs(*given)) @ out.T

    compare(by_kernels, exact, tensors, dtype)


def test_what_goes_by_kernels():
    x, weight = numbers(5, WIDTH), numbers(32, WIDTH)
    assert goes_by_kernels(x, (32,), weight)
    assert not goes_by_kernels(x, (24,), weight)
    assert not goes_by_kernels(x[:0], (32,), weight)
    assert not goes_by_kernels(x, (32,), weight.detach())
    assert not goes_by_kernels(numbers(5, WIDEST + 16), (32,), weight)


def test_what_is_kept_is_kept_by_torch_and_can_be_computed_again():
    from torch.utils.checkpoint import checkpoint

    tensors = [numbers(*s, seed=n) for n, s in enumerate([(19, 16), (16,), (32, 16), (32, 16), (16, 32)])]
    plain = feed_forward_onto(tensors[0], tensors[1], 1e-5, *tensors[2:])
    again = checkpoint(feed_forward_onto, tensors[0], tensors[1], 1e-5, *tensors[2:], use_reentrant=False)
    for one, other in zip(*(torch.autograd.grad(x.sum(), tensors) for x in (plain, again)), strict=True):
        assert torch.equal(one, other)
