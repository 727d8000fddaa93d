import pytest
import torch
from torch.autograd import gradcheck
from torch.nn import functional as F

from firstwords.model import operations
from firstwords.model.operations import gated_unit, rms_norm, rotary_angles, rotate


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)


def test_rms_norm_equals_torch_and_has_the_right_gradient():
    x, weight = randn(5, 3, 8), randn(8)
    assert torch.allclose(rms_norm(x, weight, 1e-6), F.rms_norm(x, (8,), weight, 1e-6), atol=1e-12)
    assert gradcheck(lambda a, b: rms_norm(a, b, 1e-6), (x, weight))


def test_rms_norm_of_half_precision_is_computed_in_single():
    x, weight = randn(4, 64).float(), torch.ones(64)
    half = rms_norm(x.bfloat16(), weight.bfloat16(), 1e-6)
    assert half.dtype == torch.bfloat16
    assert torch.allclose(half.float(), rms_norm(x.bfloat16().float(), weight, 1e-6), rtol=2**-8)  # bfloat16 has 8 bits


def test_gated_unit_equals_its_formula_and_has_the_right_gradient():
    joint = randn(6, 10)
    gate, up = joint.chunk(2, -1)
    assert torch.allclose(gated_unit(joint), F.silu(gate) * up, atol=1e-12)
    assert gradcheck(gated_unit, (joint,))


def test_rotation_keeps_lengths_and_depends_on_distance_only():
    cosine, sine = rotary_angles(torch.arange(50), 16, 100.0, torch.float64)
    x = randn(1, 1, 16).expand(50, 1, 16)
    y = randn(1, 1, 16).flip(-1).expand(50, 1, 16)
    turned, other = rotate(x, cosine, sine), rotate(y, cosine, sine)
    assert torch.allclose(turned.norm(dim=-1), x.norm(dim=-1))
    products = torch.einsum("nhs,mhs->nm", turned, other)
    assert torch.allclose(products[3, 10], products[30, 37])
    assert not torch.allclose(products[3, 10], products[3, 11])


def test_rotation_has_the_right_gradient():
    cosine, sine = rotary_angles(torch.arange(4), 6, 100.0, torch.float64)
    assert gradcheck(lambda x: rotate(x, cosine, sine), (randn(4, 2, 6),))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_position_zero_is_not_turned(dtype):
    cosine, sine = rotary_angles(torch.tensor([0]), 8, 10_000.0, dtype)
    assert cosine.dtype == dtype
    assert torch.equal(cosine, torch.ones(1, 1, 8, dtype=dtype))
    assert not sine.any()


def test_the_gradient_of_a_crowded_table_adds_up_the_tokens_of_each_row(monkeypatch):
    # what a GPU computes; here on a processor
    monkeypatch.setattr(operations, "ONES_AT_ONCE", 16)
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(7, (50,), generator=generator)
    table = torch.randn(7, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    (expected,) = torch.autograd.grad((table[ids] * weights).sum(), table)
    found = operations._Embedding.apply(ids, table)
    assert torch.equal(found, table[ids])
    (gradient,) = torch.autograd.grad((found * weights).sum(), table)
    torch.testing.assert_close(gradient, expected)
