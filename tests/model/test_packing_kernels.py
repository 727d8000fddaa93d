"""Words hold the numbers of a sum, and zeros where there are none."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.model import packing_kernels as kernels
from firstwords.model.rows import array

BOTH = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])


def randn(*shape, dtype):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


@BOTH
@given(rows=st.integers(1, 40), columns=st.integers(1, 20))
def test_columns_become_words(dtype, rows, columns):
    x = randn(rows, 2 * columns, dtype=dtype)
    numbers = 2 if dtype == torch.bfloat16 else 1
    found = np.full((2 * columns // numbers, (rows + 15) // 16 * 16), 9, np.uint32)
    kernels.columns_in_words(array(x), found)
    assert np.array_equal(found[:, :rows], array(x).view(np.uint32).T)
    assert not found[:, rows:].any()


@BOTH
@given(rows=st.integers(1, 9), columns=st.integers(1, 20))
def test_rows_become_words(dtype, rows, columns):
    x = randn(rows, columns, dtype=dtype)
    found = kernels.rows_in_words(array(x))
    if dtype == torch.float32:
        assert np.array_equal(found, array(x).view(np.uint32))
        return
    filled = np.zeros((rows + rows % 2, columns), np.uint32)
    filled[:rows] = array(x)
    assert np.array_equal(found, filled[::2] | filled[1::2] << 16)
