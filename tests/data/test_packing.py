"""Packing: every token is predicted once an epoch, from its own document, whatever the context."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.packing import PackedRows
from firstwords.data.token_store import Encoded, StoreWriter, TokenStore, write_store_index

END = 0


def store_of(folder, lists):
    with StoreWriter(folder, "train", vocab_size=300, end_of_text=END) as writer:
        writer.write(Encoded(document=str(i), url=None, ids=ids, num_bytes=2 * len(ids)) for i, ids in enumerate(lists))
    write_store_index(folder, vocab_size=300, end_of_text=END, splits={"train": writer.counts})
    return TokenStore(folder, "train")


def test_two_documents_in_rows_of_four(tmp_path):
    rows = PackedRows(store_of(tmp_path, [[1, 2], [3, 4, 5]]), 4)
    assert [[part.tolist() for part in row] for row in rows] == [
        [[END, 1, 2, END], [1, 2, END, 3], [0, 3, 4]],
        [[3, 4, 5], [4, 5, END], [0, 3]],
    ]
    assert rows.num_tokens == 7
    assert rows.bytes_per_token == 10 / 7


@settings(max_examples=80, deadline=None)
@given(
    lists=st.lists(st.lists(st.integers(1, 299), max_size=12), max_size=10),
    context=st.integers(1, 15),
)
def test_every_token_is_predicted_once_from_its_own_document(tmp_path_factory, lists, context):
    rows = PackedRows(store_of(tmp_path_factory.mktemp("store"), lists), context)
    # (document, place) of every token, and the tokens a model may see before it.
    expected = [([END, *ids][: i + 1], token) for ids in lists for i, token in enumerate([*ids, END])]
    seen = []
    for number, row in enumerate(rows):
        input_ids, labels, bounds = row
        assert input_ids.dtype == labels.dtype == np.int32
        assert bounds.dtype == np.int64
        assert len(input_ids) == len(labels) == bounds[-1]
        assert bounds[0] == 0 and (np.diff(bounds) > 0).all()
        assert len(labels) == context or number == len(rows) - 1
        for start, end in pairwise(bounds):
            seen += [(input_ids[start : i + 1].tolist(), int(labels[i])) for i in range(start, end)]
    assert len(seen) == len(expected) == rows.num_tokens
    for (visible, token), (history, expected_token) in zip(seen, expected, strict=True):
        assert token == expected_token
        assert history[-len(visible) :] == visible  # all of it its own document's
    # Only a cut at a row's end may shorten the history.
    whole = [len(visible) == len(history) for (visible, _), (history, _) in zip(seen, expected, strict=True)]
    if context > rows.num_tokens:
        assert all(whole)


def test_rows_are_read_by_any_number(tmp_path):
    rows = PackedRows(store_of(tmp_path, [[1, 2, 3], [4, 5]]), 3)
    assert len(rows) == 3
    assert [part.tolist() for part in rows[-1]] == [part.tolist() for part in rows[2]]
    assert [len(row.labels) for row in rows[1:]] == [3, 1]
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            rows[wrong]
    with pytest.raises(ValueError, match="at least one token"):
        PackedRows(rows.store, 0)


def test_an_empty_split_has_no_rows(tmp_path):
    rows = PackedRows(store_of(tmp_path, []), 8)
    assert len(rows) == 0
    with pytest.raises(ValueError, match="has no tokens"):
        _ = rows.bytes_per_token
