import numpy as np
import pytest

from firstwords.data import duplicates
from firstwords.data.duplicates import (
    ORDER,
    bucket_pairs,
    choose_survivors,
    id_number,
    id_text,
    rank_documents,
    text_digest,
    unpack_pairs,
)


def pack(*pairs: tuple[int, int]) -> np.ndarray:
    return np.array([lower << 32 | higher for lower, higher in pairs], np.uint64)


def survivors(pairs: dict[tuple[int, int], float], threshold: float = 0.8) -> list[tuple[int, int, float]]:
    return list(choose_survivors(pack(*pairs), np.array(list(pairs.values())), threshold))


def test_equal_texts_are_equal_whatever_their_case_and_white_space() -> None:
    assert text_digest("One  two\nthree") == text_digest("one two THREE ")
    assert text_digest("one two") != text_digest("one two.")
    assert len(text_digest("")) == 16


def test_ids_are_numbers_and_back() -> None:
    assert id_text(id_number("00ab4f0000000001")) == "00ab4f0000000001"
    with pytest.raises(ValueError, match="'page-1' is not 16 hexadecimal digits"):
        id_number("page-1")


def test_ranks_prefer_source_then_length_then_id() -> None:
    order = np.array([(1, 900, 1), (0, 100, 9), (0, 200, 8), (0, 200, 7)], ORDER)
    assert rank_documents(order).tolist() == [3, 2, 1, 0]
    assert rank_documents(np.empty(0, ORDER)).tolist() == []


def test_a_chain_of_small_differences_does_not_take_out_an_unlike_text() -> None:
    # 0 and 1 are alike, 1 and 2 are alike, 0 and 2 are not: 1 goes, 2 stays.
    assert survivors({(0, 1): 0.9, (1, 2): 0.9, (0, 2): 0.5}) == [(1, 0, 0.9)]


def test_of_a_similar_pair_never_both_stay_and_the_lowest_rank_is_named() -> None:
    assert survivors({(1, 2): 0.95, (0, 2): 0.8}) == [(2, 0, 0.8)]
    assert survivors({(0, 1): 0.79}) == []
    draw = np.random.default_rng(0)
    pairs = {(int(a), int(b)): 0.9 for a, b in draw.integers(0, 40, (120, 2)) if a < b}
    gone = {loser: winner for loser, winner, _ in survivors(pairs)}
    assert all(a in gone or b in gone for a, b in pairs)
    assert not set(gone) & set(gone.values()), "a survivor is gone itself"
    assert all((winner, loser) in pairs for loser, winner in gone.items())


def test_all_pairs_of_a_bucket_are_compared() -> None:
    keys = np.array([1, 1, 1, 2, 3, 3], np.uint64)
    ranks = np.array([0, 4, 5, 1, 2, 9], np.uint32)
    assert bucket_pairs(keys, ranks).tolist() == pack((0, 4), (0, 5), (2, 9), (4, 5)).tolist()
    assert bucket_pairs(keys[:0], ranks[:0]).tolist() == []


def test_a_large_bucket_is_compared_with_its_best_and_its_neighbours(monkeypatch) -> None:
    monkeypatch.setattr(duplicates, "BUCKET", 2)
    ranks = np.arange(6, dtype=np.uint32)
    left, right = unpack_pairs(bucket_pairs(np.ones(6, np.uint64), ranks))
    assert set(zip(left.tolist(), right.tolist(), strict=True)) == {
        (a, b) for a in range(6) for b in range(a + 1, 6) if a < 2 or b - a <= 2
    }
