"""Which rows make up a step: a pure function of seed and step, whatever the ranks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.batch import Example
from firstwords.training.loader import Loader, cut, validation_batches


def rows_of(lengths):
    return [Example(np.zeros(length, np.int32), row=100 + i) for i, length in enumerate(lengths)]


def loader(lengths, rank=0, num_ranks=1, seed=1, **changed):
    given = {"rows_per_step": 4, "num_positions": 3 * len(lengths), "micro_tokens": 12} | changed
    return Loader(rows_of(lengths), seed=seed, rank=rank, num_ranks=num_ranks, **given)


def keys_of(batches):
    return [key for micro in batches for key in micro.draws.keys]


def test_every_epoch_reads_every_row_once_in_another_order():
    made = loader([5] * 10)
    keys = [key for step in range(made.num_steps) for key in made.keys(step)]
    epochs = [[index for epoch, index in keys if epoch == number] for number in range(3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert made.num_steps == 8
    assert len(made.keys(7)) == 2  # 30 positions: the last step is shorter


def test_steps_can_be_read_in_any_order():
    lengths = list(range(1, 11))
    forwards = loader(lengths)
    there = [keys_of(forwards.micro_batches(step)) for step in range(8)]
    backwards = loader(lengths)
    back = [keys_of(backwards.micro_batches(step)) for step in reversed(range(8))]
    assert there == back[::-1]


@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=40),
    num_ranks=st.integers(1, 5),
    micro_tokens=st.integers(1, 60),
    rows_per_step=st.integers(1, 9),
)
def test_ranks_share_the_rows_of_one_rank(lengths, num_ranks, micro_tokens, rows_per_step):
    changed = {"micro_tokens": micro_tokens, "rows_per_step": rows_per_step}
    alone = loader(lengths, **changed)
    ranks = [loader(lengths, rank, num_ranks, **changed) for rank in range(num_ranks)]
    for step in range(alone.num_steps):
        together = [key for rank in ranks for key in keys_of(rank.micro_batches(step))]
        assert sorted(together) == sorted(keys_of(alone.micro_batches(step)))


def test_every_rank_has_work_where_there_is_enough():
    for rank in range(2):
        assert len(loader([6] * 4, rank, 2, micro_tokens=1000).micro_batches(0)) == 1


@given(lengths=st.lists(st.integers(1, 30), max_size=40), micro_tokens=st.integers(1, 60))
def test_pieces_hold_every_example_once_and_no_more_tokens_than_allowed(lengths, micro_tokens):
    pieces = cut(rows_of(lengths), micro_tokens)
    assert sorted(i for piece in pieces for i in piece) == list(range(len(lengths)))
    for piece in pieces:
        assert len(piece) == 1 or sum(lengths[i] for i in piece) <= micro_tokens


def test_pieces_hold_examples_of_similar_length():
    assert cut(rows_of([2, 9, 3, 9, 2]), 18) == [[1, 3], [2, 0, 4]]


def test_rows_of_one_length_stay_in_order():
    assert cut(rows_of([4] * 6), 8) == [[0, 1], [2, 3], [4, 5]]


def test_draws_follow_the_row_number_not_the_place():
    made = loader([5] * 10)
    for micro in made.micro_batches(0):
        assert [row for _, row in micro.draws.keys] == [example.row for example in micro.examples]


def test_held_out_rows_come_once_with_fixed_draws():
    batches = validation_batches(rows_of([3, 4, 5]), seed=1, micro_tokens=8)
    assert all(micro.draws.evaluating for micro in batches)
    assert sorted(keys_of(batches)) == [(0, 100), (0, 101), (0, 102)]
    assert sum(micro.num_tokens for micro in batches) == 12


def test_the_order_is_fixed_for_ever():
    assert [index for _, index in loader([5] * 10).keys(0)] == [3, 6, 4, 8]
