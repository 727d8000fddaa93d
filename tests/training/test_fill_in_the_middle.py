"""A rearranged piece holds prefix, suffix and middle of its own text and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.fill_in_the_middle import SHORTEST, rearrange

END, MARK, FIRST = 0, 1, 4
PREFIX, SUFFIX, MIDDLE = MARK, MARK + 1, MARK + 2


def packed(lengths, is_cut):
    """A row of documents of distinct words; the last one goes on in the next row if `is_cut`."""
    labels = np.arange(FIRST, FIRST + sum(lengths))
    bounds = np.cumsum([0, *lengths])
    for end in bounds[1:-1] if is_cut else bounds[1:]:
        labels[end - 1] = END
    inputs = np.concatenate([[END], labels[:-1]])
    return inputs.astype(np.int32), labels.astype(np.int32), bounds


def change(row, seed=0, rate=1.0, suffix_first=0.5):
    generator = np.random.default_rng(seed)
    return rearrange(*row, generator, rate=rate, suffix_first_share=suffix_first, first_mark=MARK, end_of_text=END)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
    st.booleans(),
    st.integers(0, 2**30),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_every_piece_is_its_own_text_in_another_order(lengths, is_cut, seed, suffix_first):
    row = packed(lengths, is_cut)
    inputs, labels = change(row, seed, suffix_first=suffix_first)
    for start, end in zip(row[2][:-1], row[2][1:], strict=True):
        read, asked, before = inputs[start:end].tolist(), labels[start:end].tolist(), row[1][start:end].tolist()
        if end - start < SHORTEST:
            assert read == row[0][start:end].tolist() and asked == before
            continue
        stream = [*read[1:], END]
        assert read[0] == END and asked[-1] == END
        assert asked == [-100 if token in (PREFIX, SUFFIX, MIDDLE) else token for token in stream]
        text = before[: end - start - 4]
        prefix, suffix, middle = (stream.index(mark) for mark in (PREFIX, SUFFIX, MIDDLE))
        first = stream[prefix + 1 : suffix] + stream[middle + 1 : -1] + stream[suffix + 1 : middle]
        second = stream[middle + 1 : -1] + stream[suffix + 1 : middle]
        # With an empty prefix both orders look alike.
        assert text in ((first, second) if suffix == prefix + 1 else (first,))
        assert suffix_first < 1.0 or suffix == prefix + 1


def test_the_rate_is_that_of_pieces_and_0_changes_nothing():
    row = packed([20] * 2000, False)
    inputs, labels = change(row, rate=0.0)
    assert (inputs == row[0]).all() and (labels == row[1]).all()
    inputs, _ = change(row, rate=0.3)
    assert (inputs.reshape(2000, 20) == PREFIX).any(axis=1).mean() == pytest.approx(0.3, abs=0.04)
    inputs, _ = change(row, suffix_first=0.25)
    second = inputs.reshape(2000, 20)[:, 2]
    # An empty prefix looks alike: one cut of two is at the very beginning in about 2 / 17 of the pieces.
    assert (second == SUFFIX).mean() == pytest.approx(0.25 + 0.75 * 2 / 17, abs=0.04)
