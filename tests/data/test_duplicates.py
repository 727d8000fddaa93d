import numpy as np

from firstwords.data import duplicates
from firstwords.data.description import ORDER
from firstwords.data.duplicates import (
    bucket_pairs,
    choose_survivors,
    rank_documents,
    unpack_pairs,
)


def pack(*pairs: tuple[int, int]) -> np.ndarray:
    return np.array([lower << 32 | higher for lower, higher in pairs], np.uint64)


def survivors(pairs: dict[tuple[int, int], float], threshold: float = 0.8) -> list[tuple[int, int, float]]:
    return list(choose_survivors(pack(*pairs), np.array(list(pairs.values())), threshold))


def test_ranks_prefer_source_then_quality_then_length_then_id() -> None:
    rows = [(1, 9.0, 900, 9, 1), (0, 0.5, 100, 9, 9), (0, 0.5, 200, 9, 8), (0, 0.5, 200, 9, 7), (0, 0.7, 5, 9, 6)]
    assert rank_documents(np.array([*rows, (0, -np.inf, 999, 9, 0)], ORDER)).tolist() == [5, 3, 2, 1, 0, 4]
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
