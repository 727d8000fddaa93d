import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.model.numbers_in_kernels import compiled, exponential, narrow, of_rank, rank, widen


@compiled
def to_half(numbers, result):
    for i in range(len(numbers)):
        result[i] = narrow(numbers[i], result[i])


@compiled
def to_full(patterns, result):
    for i in range(len(patterns)):
        result[i] = widen(patterns[i])


@compiled
def powers(numbers, result):
    for i in range(len(numbers)):
        result[i] = exponential(numbers[i])


@given(st.lists(st.floats(width=32), min_size=1, max_size=40))
def test_numbers_are_rounded_to_bfloat16_as_torch_rounds(numbers):
    numbers = torch.tensor(numbers)
    result = torch.empty(len(numbers), dtype=torch.bfloat16)
    to_half(numbers.numpy(), result.view(torch.uint16).numpy())
    expected = numbers.bfloat16()
    assert torch.equal(result.isnan(), expected.isnan())
    assert torch.equal(result[~result.isnan()], expected[~expected.isnan()])


def test_every_bfloat16_is_read():
    patterns = np.arange(2**16, dtype=np.uint16)
    result = np.empty(2**16, np.float32)
    to_full(patterns, result)
    expected = torch.from_numpy(patterns).view(torch.bfloat16).float()
    assert torch.equal(torch.from_numpy(result).view(torch.int32), expected.view(torch.int32))


def test_exponentials_are_exact_to_three_units_of_the_last_place():
    numbers = np.linspace(-87, 88, 200_001, dtype=np.float32)
    result = np.empty_like(numbers)
    powers(numbers, result)
    expected = np.exp(numbers.astype(np.float64))
    assert np.abs(result / expected - 1).max() < 3 * 2.0**-23


def test_exponentials_stay_finite_and_of_nan_are_none():
    numbers = np.array([-np.inf, -1000, 0, 1000, np.inf, np.nan], np.float32)
    result = np.empty_like(numbers)
    powers(numbers, result)
    assert result[2] == 1
    assert (result[:2] < 1e-37).all()
    assert np.isfinite(result[:5]).all()
    assert np.isnan(result[5])


@compiled
def ranks(numbers, result, back):
    for i in range(len(numbers)):
        result[i] = rank(numbers[i])
        back[i] = of_rank(result[i])


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=40))
def test_ranks_are_in_the_order_of_the_numbers(numbers):
    numbers = np.array(sorted(numbers), np.float32)
    result, back = np.empty(len(numbers), np.int32), np.empty_like(numbers)
    ranks(numbers, result, back)
    assert (back.view(np.int32) == numbers.view(np.int32)).all()
    steps = np.diff(numbers.astype(np.float64))
    assert (np.diff(result.astype(np.int64))[steps > 0] > 0).all()
    assert (result[np.isposinf(numbers)] == 0x7F800000).all()


def test_what_stays_in_float32_is_not_rounded():
    numbers = np.array([1 + 2.0**-20, -3.7], np.float32)
    result = np.empty_like(numbers)
    to_half(numbers, result)
    assert (result == numbers).all()
    to_full(numbers, result)
    assert (result == numbers).all()
