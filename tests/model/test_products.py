import pytest
import torch
from torch.autograd import gradcheck
from torch.nn import functional as F

from firstwords.model import products
from firstwords.model.products import linear, normed_linear, product


def randn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator, requires_grad=True)


@pytest.mark.parametrize("faster", [True, False])
def test_a_product_is_the_same_by_either_library(faster, monkeypatch):
    monkeypatch.setattr(products, "_onednn_is_faster", lambda: faster)
    x, weight, gradient = randn(37, 24).detach(), randn(50, 24, seed=1).detach(), randn(37, 50, seed=2).detach()
    # 24 and 50 terms of about one: float32 rounds at 6e-8 of them
    assert torch.allclose(product(x.float(), weight.float()).double(), x @ weight.T, atol=1e-5)
    assert torch.allclose(product(gradient.float(), weight.float().T).double(), gradient @ weight, atol=1e-5)


def test_linear_has_the_right_gradient():
    assert gradcheck(linear, (randn(5, 4), randn(3, 4, seed=1)))


def test_norm_and_products_together_equal_them_one_by_one():
    x, scales, first, second = randn(7, 8), randn(8, seed=1), randn(3, 8, seed=2), randn(5, 8, seed=3)
    normal = F.rms_norm(x, (8,), scales, 1e-6)
    expected = torch.cat([F.linear(normal, first), F.linear(normal, second)], -1)
    assert torch.allclose(normed_linear(x, scales, 1e-6, first, second), expected, atol=1e-12)
    with torch.no_grad():
        assert torch.allclose(normed_linear(x, scales, 1e-6, first, second), expected, atol=1e-12)
    assert gradcheck(lambda *given: normed_linear(*given[:2], 1e-6, *given[2:]), (x, scales, first, second))


def test_frozen_matrices_get_no_gradient_but_their_input_does():
    x, scales, matrix = randn(4, 8), randn(8).detach(), randn(3, 8).detach()
    (gradient,) = torch.autograd.grad(normed_linear(x, scales, 1e-6, matrix).sum(), x)
    assert gradient.abs().max() > 0


def test_autocast_makes_products_in_half_precision_and_gradients_in_full():
    x, scales, matrix = (t.detach().float().requires_grad_() for t in (randn(64, 32), randn(32), randn(48, 32)))
    exact = torch.autograd.grad(normed_linear(x, scales, 1e-6, matrix).square().sum(), [x, scales, matrix])
    with torch.autocast("cpu", torch.bfloat16):
        half = normed_linear(x, scales, 1e-6, matrix)
    assert half.dtype == torch.bfloat16
    found = torch.autograd.grad(half.float().square().sum(), [x, scales, matrix])
    for a, b in zip(exact, found, strict=True):
        assert b.dtype == torch.float32
        assert (a - b).norm() < 0.02 * a.norm()  # bfloat16 has 8 bits
