import platform
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from firstwords.data.kernels import numba
from firstwords.model import row_kernels as kernels
from firstwords.model.numbers_in_kernels import OPTIONS
from firstwords.model.rows import array

BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


def randn(*shape, dtype=torch.float32, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def close(found, expected, dtype):
    """Nearer than what the type rounds to, as a share of the whole."""
    return (found.double() - expected).norm() <= TOLERANCE[dtype] * expected.norm()


@BOTH
@pytest.mark.parametrize("width", [1, 7, 33, 384])
def test_rows_are_normalised(dtype, width):
    x, gradient = 3 * randn(11, width), randn(11, width, dtype=dtype, seed=1)
    normal, inverse, result = torch.empty(11, width, dtype=dtype), torch.empty(11), torch.empty(11, width)
    kernels.normalise(array(x), np.float32(1e-5), array(normal), array(inverse))
    exact = x.double().requires_grad_()
    expected = F.rms_norm(exact, (width,), None, 1e-5)
    assert close(normal, expected, dtype)
    (slope,) = torch.autograd.grad(expected, exact, gradient.double())
    for past in (torch.empty(0, width), randn(11, width, seed=2)):
        kernels.normalise_gradient(*(array(t) for t in (gradient, normal, inverse, past, result)))
        # Of one number nothing is left but its sign: the slope is a difference of equal numbers.
        assert width == 1 or close(result, slope + (past.double() if len(past) else 0), dtype)


@BOTH
def test_rows_are_added(dtype):
    x, more, result = randn(11, 33), randn(11, 33, dtype=dtype, seed=1), torch.empty(11, 33)
    kernels.add(array(x), array(more), array(result))
    assert torch.equal(result, x + more)


@BOTH
def test_columns_are_scaled(dtype):
    weight, scales, gradient = randn(13, 21), randn(21, seed=1), randn(13, 21, dtype=dtype, seed=2)
    scaled, result, total = torch.empty(13, 21, dtype=dtype), torch.empty(13, 21), torch.ones(21)
    kernels.scale_columns(array(weight), array(scales), array(scaled))
    assert close(scaled, weight.double() * scales, dtype)
    kernels.scale_columns_gradient(*(array(t) for t in (gradient, weight, scales, result, total)))
    assert close(result, gradient.double() * scales, torch.float32)
    assert close(total - 1, (gradient.double() * weight).sum(0), torch.float32)


@BOTH
def test_the_gated_unit(dtype):
    joint, gradient = 4 * randn(9, 70, dtype=dtype), randn(9, 35, dtype=dtype, seed=1)
    joint[0, 0], joint[0, 1] = 200.0, -200.0
    result, slopes = torch.empty_like(gradient), torch.empty_like(joint)
    kernels.gated_unit(array(joint), array(result))
    exact = joint.double().requires_grad_()
    gate, up = exact.chunk(2, -1)
    expected = F.silu(gate) * up
    assert close(result, expected, dtype)
    kernels.gated_unit_gradient(array(joint), array(gradient), array(slopes))
    (slope,) = torch.autograd.grad(expected, exact, gradient.double())
    assert close(slopes, slope, dtype)


@BOTH
@pytest.mark.parametrize("z_loss", [0.0, 0.01])
def test_cross_entropy_and_its_gradient(dtype, z_loss):
    scores, targets = 5 * randn(12, 50, dtype=dtype), torch.arange(12) % 7
    targets[3] = -100
    exact = scores.double().requires_grad_()
    normaliser = exact.logsumexp(1)
    counted = targets >= 0
    loss = (normaliser - exact.gather(1, targets.clamp(min=0)[:, None])[:, 0] + z_loss * normaliser**2)[counted].sum()
    (slope,) = torch.autograd.grad(loss, exact)
    buffer = np.empty(50, np.float32)
    alone = kernels.cross_entropy(array(scores), targets.numpy(), z_loss, False, buffer)
    assert alone == pytest.approx(float(loss.detach()), rel=1e-6)
    assert torch.equal(scores.double(), exact.detach())
    assert kernels.cross_entropy(array(scores), targets.numpy(), z_loss, True, buffer) == alone
    assert close(scores, slope, dtype)
    assert not scores[3].any()


@pytest.mark.parametrize("place", [0, 5, 30])
@pytest.mark.parametrize("number", [torch.nan, torch.inf])
def test_what_is_not_finite_is_not_hidden(place, number):
    scores, buffer = randn(2, 31), np.empty(31, np.float32)
    scores[1, place] = number
    assert not np.isfinite(kernels.cross_entropy(array(scores), np.array([1, 2]), 0.0, True, buffer))
    assert scores[0].isfinite().all()
    assert not scores[1].isfinite().any()
    x = randn(2, 31)
    x[1, place] = number
    normal, inverse = torch.empty(2, 31), torch.empty(2)
    kernels.normalise(array(x), np.float32(1e-5), array(normal), array(inverse))
    assert not (normal[1].isfinite() & (normal[1] != 0)).any()
    joint, result = randn(1, 62), torch.empty(1, 31)
    joint[0, place] = torch.nan
    kernels.gated_unit(array(joint), array(result))
    assert result[0, place].isnan()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="names instructions of x86-64")
@pytest.mark.parametrize(
    "name", ["normalise", "normalise_gradient", "gated_unit", "gated_unit_gradient", "cross_entropy"]
)
def test_loops_become_vector_instructions(name):
    """A loop that does not is right, and ten times as slow."""
    fresh = numba.njit(**OPTIONS)(getattr(kernels, name).py_func)
    matrix, vector = np.ones((4, 8), np.float32), np.ones(4, np.float32)
    given = {
        "normalise": (matrix, np.float32(1e-5), matrix.copy(), vector),
        "normalise_gradient": (matrix, matrix.copy(), vector, matrix.copy(), matrix.copy()),
        "gated_unit": (matrix, matrix[:, :4].copy()),
        "gated_unit_gradient": (matrix, matrix[:, :4].copy(), matrix.copy()),
        "cross_entropy": (matrix, np.zeros(4, np.int64), 0.0, True, np.ones(8, np.float32)),
    }[name]
    fresh(*given)
    (code,) = fresh.inspect_asm().values()
    assert len(re.findall(r"\bv?(?:mul|fmadd\d+|fmsub\d+)ps\b", code)) >= 4
