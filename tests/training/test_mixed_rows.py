"""Rows of several corpora: shares, epochs of their own, and the same rows for any number of ranks and after a stop."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.batch import Example
from firstwords.training.loader import Loader
from firstwords.training.mixed_rows import MixedOrder, MixedRows


def rows_of(name, number):
    return [Example(np.full(4, 100 * name + i, np.int32), row=i) for i in range(number)]


def made(sizes, weights, final=None, **more):
    names = [str(n) for n in range(len(sizes))]
    parts = {name: rows_of(n, size) for n, (name, size) in enumerate(zip(names, sizes, strict=True))}
    rows = MixedRows(parts, dict(zip(names, weights, strict=True)), final, 0.25)
    order = MixedOrder(rows, "shuffled", 3, 60)
    return rows, Loader(rows, seed=3, rows_per_step=5, micro_tokens=8, order=order, **{"num_positions": 60} | more)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(1, 5))
def test_every_row_is_read_once_before_any_is_read_again(sizes, weight):
    rows, loader = made(sizes, [weight, *[1] * (len(sizes) - 1)])
    keys = [key for step in range(loader.num_steps) for key in loader.keys(step)]
    for part in range(len(sizes)):
        own = [(epoch, row) for epoch, row in keys if rows.starts[part] <= row < rows.starts[part + 1]]
        assert abs(len(own) - 60 * float(rows.mixture(60).shares[part])) < 1
        for place, (epoch, _) in enumerate(own):
            assert epoch == place // sizes[part]
        assert len(set(own)) == len(own)


def test_the_last_share_of_a_run_is_read_by_other_weights():
    rows, loader = made([20, 20, 20], [3, 1, 0], {"2": 1.0, "0": 1.0})
    keys = [key for step in range(loader.num_steps) for key in loader.keys(step)]
    parts = [int(np.searchsorted(rows.starts, row, side="right")) - 1 for _, row in keys]
    assert set(parts[:45]) == {0, 1} and abs(parts[:45].count(0) - 0.75 * 45) < 1
    assert set(parts[45:]) == {0, 2} and abs(parts[45:].count(2) - 7.5) < 1
    # The part that goes on does so where it was: no row again before all were read.
    own = [(epoch, row) for (epoch, row), part in zip(keys, parts, strict=True) if part == 0]
    assert [epoch for epoch, _ in own] == [place // 20 for place in range(len(own))] and len(set(own)) == len(own)


def test_ranks_share_the_rows_and_a_step_needs_none_before():
    _, alone = made([7, 3], [0.75, 0.25])
    ranks = [made([7, 3], [0.75, 0.25], rank=rank, num_ranks=2)[1] for rank in range(2)]
    for step in (11, 0, 6):
        keys = [key for batch in alone.micro_batches(step) for key in batch.draws.keys]
        shared = [key for each in ranks for batch in each.micro_batches(step) for key in batch.draws.keys]
        assert sorted(keys) == sorted(shared) == sorted(alone.keys(step))


def test_draws_of_two_corpora_do_not_meet():
    rows, _ = made([4, 4], [1, 1])
    assert [rows[n].row for n in range(8)] == list(range(8))
    assert rows[5].input_ids[0] == 101
    assert rows[-1].row == 7
    assert [each.row for each in rows[2:4]] == [2, 3]
    first, second = MixedOrder(rows, "shuffled", 3, 8).orders
    assert first.permutation(0).tolist() != second.permutation(0).tolist() or len(rows) < 3
