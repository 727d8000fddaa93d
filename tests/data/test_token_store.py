"""The token store: what is written comes back, parts join to the same bytes, damage is noticed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.data.token_store import (
    Encoded,
    StoreWriter,
    TokenStore,
    read_store_index,
    token_type,
    write_store_index,
)
from firstwords.errors import IntegrityError, RecipeError

END = 0


def documents_of(lists, first=0):
    return [
        Encoded(
            document=f"d{first + i}", url=f"pydoc:///m{first + i}" if i % 2 else None, ids=ids, num_bytes=3 * len(ids)
        )
        for i, ids in enumerate(lists)
    ]


def write_store(folder, lists, vocab_size=300):
    with StoreWriter(folder, "train", vocab_size=vocab_size, end_of_text=END) as writer:
        writer.write(documents_of(lists))
    write_store_index(folder, vocab_size=vocab_size, end_of_text=END, splits={"train": writer.counts})
    return TokenStore(folder, "train")


token_lists = st.lists(st.lists(st.integers(1, 299), max_size=9), max_size=12)


@settings(max_examples=40, deadline=None)
@given(lists=token_lists, cuts=st.lists(st.integers(0, 12), max_size=3).map(sorted))
def test_documents_come_back_and_parts_join_to_the_same_bytes(tmp_path_factory, lists, cuts):
    folder = tmp_path_factory.mktemp("store")
    store = write_store(folder, lists)
    assert [store.document(i).tolist() for i in range(len(store))] == [[*ids, END] for ids in lists]
    assert store.documents == [f"d{i}" for i in range(len(lists))]
    assert store.urls == [f"pydoc:///m{i}" if i % 2 else None for i in range(len(lists))]
    assert store.num_bytes.tolist() == [3 * len(ids) for ids in lists]

    borders = [0, *(min(cut // 2 * 2, len(lists)) for cut in cuts), len(lists)]  # even, so that urls are the same
    for part, (start, end) in enumerate(pairwise(borders)):
        with StoreWriter(folder / str(part), "train", vocab_size=300, end_of_text=END) as writer:
            writer.write(documents_of(lists[start:end], start))
    with StoreWriter(folder / "joined", "train", vocab_size=300, end_of_text=END) as writer:
        for part in range(len(borders) - 1):
            writer.copy(folder / str(part), "train")
    for name in ("train.tokens", "train.index.parquet"):
        assert (folder / "joined" / name).read_bytes() == (folder / name).read_bytes()
    assert writer.counts == read_store_index(folder)["splits"]["train"]


def test_ids_take_two_bytes_as_long_as_they_fit(tmp_path):
    assert token_type(65_536) == np.uint16
    assert token_type(65_537) == np.uint32
    assert write_store(tmp_path / "a", [[1, 65_535]], 65_536).document(0).tolist() == [1, 65_535, END]
    assert (tmp_path / "a" / "train.tokens").read_bytes() == b"\x01\x00\xff\xff\x00\x00"
    assert write_store(tmp_path / "b", [[1, 70_000]], 70_001).document(0).tolist() == [1, 70_000, END]
    with pytest.raises(OverflowError):
        write_store(tmp_path / "c", [[65_536]], 65_536)


def test_nothing_is_left_by_a_writer_that_failed(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        StoreWriter(tmp_path, "train", vocab_size=300, end_of_text=END) as writer,
    ):
        writer.write(documents_of([[1, 2]]))
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_tokens_cannot_be_changed_through_a_store(tmp_path):
    store = write_store(tmp_path, [[1, 2]])
    with pytest.raises(ValueError, match="read-only"):
        store.tokens[0] = 5


def test_damage_and_wrong_names_are_told(tmp_path):
    with pytest.raises(RecipeError, match="not a token store"):
        TokenStore(tmp_path, "train")
    write_store(tmp_path, [[1, 2], [3]])
    with pytest.raises(RecipeError, match=r"no split 'valid'\. There: train"):
        TokenStore(tmp_path, "valid")
    whole = (tmp_path / "train.tokens").read_bytes()
    (tmp_path / "train.tokens").write_bytes(whole[:-1])
    with pytest.raises(IntegrityError, match="5 tokens"):
        TokenStore(tmp_path, "train")
    (tmp_path / "train.tokens").write_bytes(whole)
    with StoreWriter(tmp_path / "other", "train", vocab_size=300, end_of_text=END) as writer:
        writer.write(documents_of([[1], [3]]))
    (tmp_path / "other" / "train.index.parquet").replace(tmp_path / "train.index.parquet")
    with pytest.raises(IntegrityError, match="does not add up"):
        TokenStore(tmp_path, "train")
