"""Products by kernels are those of float64, whatever the sizes, and write nowhere else."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.model import matrix_kernels as kernels
from firstwords.model.rows import array

DTYPES = [dtype for dtype in (torch.float32, torch.bfloat16) if kernels.multiplies(dtype)]
pytestmark = pytest.mark.skipif(not DTYPES, reason="this processor lacks the instructions")
BOTH = pytest.mark.parametrize("dtype", DTYPES)
# What is written in the type of the matrices is rounded to it.
TOLERANCE = {torch.float32: 1e-6, torch.bfloat16: 4e-3}
GUARD = 64


def randn(*shape, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


class Guarded:
    """A result between numbers that must not change."""

    def __init__(self, rows, columns, dtype):
        self.size = rows * columns
        self.whole = torch.full((self.size + 2 * GUARD,), 7, dtype=dtype)
        self.result = self.whole[GUARD : GUARD + self.size].view(rows, columns)

    def is_intact(self):
        return bool((self.whole[:GUARD] == 7).all() and (self.whole[GUARD + self.size :] == 7).all())


def near(found, expected, tolerance):
    return float((found.double() - expected).norm()) <= tolerance * float(expected.norm())


@BOTH
@given(rows=st.integers(1, 70), outputs=st.integers(1, 8), inputs=st.integers(1, 8), adds=st.booleans())
def test_products_of_rows(dtype, rows, outputs, inputs, adds):
    outputs, inputs = 16 * outputs, 16 * inputs
    x, weight = randn(rows, inputs, dtype=dtype), randn(outputs, inputs, dtype=dtype)
    expected = x.double() @ weight.double().T
    filled = Guarded(rows, outputs, dtype)
    kernels.product_with_weights(array(x), array(weight), array(filled.result), kernels.NEW)
    assert near(filled.result, expected, TOLERANCE[dtype])
    assert filled.is_intact()
    before = randn(rows, outputs)
    precise = Guarded(rows, outputs, torch.float32)
    precise.result.copy_(before)
    kind = kernels.ADDED if adds else kernels.NEW
    kernels.product_with_weights(array(x), array(weight), array(precise.result), kind)
    assert near(precise.result, expected + (before if adds else 0), 1e-6)
    assert precise.is_intact()


@BOTH
@given(rows=st.integers(1, 70), outputs=st.integers(1, 8), inputs=st.integers(1, 8), odd=st.integers(1, 60))
def test_products_of_gradients(dtype, rows, outputs, inputs, odd):
    outputs, inputs = 16 * outputs, 16 * inputs
    gradient, weight = randn(rows, outputs, dtype=dtype), randn(outputs, inputs, dtype=dtype)
    back = Guarded(rows, inputs, torch.float32)
    kernels.product_back(array(gradient), array(weight), array(back.result))
    assert near(back.result, gradient.double() @ weight.double(), 1e-6)
    x, some = randn(rows, inputs, dtype=dtype), randn(rows, odd, dtype=dtype)
    found = Guarded(odd, inputs, torch.float32)
    kernels.product_of_gradient(array(some), array(x), array(found.result))
    assert near(found.result, some.double().T @ x.double(), 1e-6)
    assert back.is_intact()
    assert found.is_intact()


@BOTH
def test_long_sums_are_made_in_parts(dtype):
    x, gradient = randn(2500, 48, dtype=dtype), randn(2500, 24, dtype=dtype)
    found = torch.empty(24, 48)
    kernels.product_of_gradient(array(gradient), array(x), array(found))
    assert near(found, gradient.double().T @ x.double(), 1e-6)
    wide, weight, result = randn(9, 2048, dtype=dtype), randn(32, 2048, dtype=dtype), torch.empty(9, 32)
    kernels.product_with_weights(array(wide), array(weight), array(result), kernels.NEW)
    assert near(result, wide.double() @ weight.double().T, 1e-6)


@BOTH
def test_what_is_no_number_stays_so(dtype):
    x, weight = randn(9, 16, dtype=dtype), randn(16, 16, dtype=dtype)
    x[4, 3] = float("nan")
    x[5, 3] = float("inf")
    result = torch.empty(9, 16, dtype=dtype)
    kernels.product_with_weights(array(x), array(weight), array(result), kernels.NEW)
    assert result[4].isnan().all()
    assert not result[5].isfinite().any()
    assert result[[0, 1, 2, 3, 6, 7, 8]].isfinite().all()


def test_a_library_for_other_processors_does_not_multiply(monkeypatch):
    monkeypatch.setattr(kernels.numba.config, "CPU_NAME", "generic")
    kernels.multiplies.cache_clear()
    assert not kernels.multiplies(torch.float32)
    kernels.multiplies.cache_clear()
    assert not kernels.multiplies(torch.float64)
