"""Batches and contexts that grow: every row once, whole at the end, a function of the position alone."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.batch import Example
from firstwords.training.growth import context_at, shorten, step_starts


def test_without_growth_all_batches_are_alike():
    assert step_starts(10, 4, 1.0, 0.5).tolist() == [0, 4, 8, 10]


def test_a_batch_doubles_at_even_distances():
    assert np.diff(step_starts(64, 8, 0.25, 0.5)).tolist() == [2] * 8 + [4] * 4 + [8] * 4


@given(
    num_positions=st.integers(1, 500),
    rows=st.integers(1, 40),
    first=st.floats(0.01, 1.0),
    share=st.floats(0, 1),
)
def test_every_position_is_read_once_in_steps_that_never_exceed_a_batch(num_positions, rows, first, share):
    starts = step_starts(num_positions, rows, first, share)
    sizes = np.diff(starts)
    assert starts[0] == 0
    assert starts[-1] == num_positions
    assert sizes.min() >= 1
    assert sizes.max() <= rows
    assert all(a <= b for a, b in itertools.pairwise(sizes[:-1]))  # but for the last, which may be cut


def test_context_doubles_until_it_is_whole():
    found = [context_at(progress / 10, 256, 32, 0.6) for progress in range(10)]
    assert found == [32, 32, 64, 64, 128, 128, 256, 256, 256, 256]


@pytest.mark.parametrize(("first", "share"), [(256, 0.5), (300, 0.5), (32, 0.0)])
def test_context_that_need_not_grow_is_whole_at_once(first, share):
    assert context_at(0.0, 256, first, share) == 256


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=6), length=st.integers(1, 40))
def test_short_documents_keep_every_token_and_every_bound(lengths, length):
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    example = Example(np.arange(bounds[-1], dtype=np.int32), bounds=bounds)
    found = shorten(example, length)
    assert found.input_ids is example.input_ids
    assert set(bounds) <= set(found.document_bounds.tolist())
    assert np.diff(found.document_bounds).max() <= length
    assert np.diff(found.document_bounds).min() >= 1


def test_a_single_document_is_cut_into_equal_pieces():
    found = shorten(Example(np.zeros(8, np.int32)), 4)
    assert found.document_bounds.tolist() == [0, 4, 8]
