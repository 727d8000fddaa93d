import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import duplicates
from firstwords.data.duplicates import (
    SIMILARITY,
    FindRepeated,
    Runs,
    bucket_pairs,
    choose_survivors,
    unpack_pairs,
)
from firstwords.data.shuffle import write_array, write_run


def pack(*pairs: tuple[int, int]) -> np.ndarray:
    return np.array([lower << 32 | higher for lower, higher in pairs], np.uint64)


def survivors(pairs: dict[tuple[int, int], float], threshold: float = 0.8) -> list[tuple[int, int, float]]:
    similar = [(higher << 32 | lower, score) for (lower, higher), score in pairs.items() if score >= threshold]
    return list(choose_survivors(np.sort(np.array(similar, SIMILARITY), order="key"), set()))


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


def test_old_documents_make_no_pairs_with_each_other() -> None:
    keys, ranks = np.ones(4, np.uint64), np.arange(4, dtype=np.uint32)
    assert bucket_pairs(keys, ranks, num_old=2).tolist() == pack((0, 2), (0, 3), (1, 2), (1, 3), (2, 3)).tolist()


def runs_of(folder, shards: list[list[tuple[int, int, int]]], ranks: list[int]) -> tuple[Runs, str]:
    """Runs of records (key, row, index); the ranks are those of all shards in order."""
    kind = [("key", np.uint64), ("row", np.uint32), ("index", np.uint32)]
    for number, rows in enumerate(shards):
        write_run(folder / f"{number}.npy", np.array(rows, kind))
    write_array(folder / "ranks.npy", np.array(ranks, np.uint32))
    write_array(folder / "gone.npy", np.zeros(len(ranks), bool))
    places = tuple(str(folder / f"{number}.npy") for number in range(len(shards)))
    return Runs(places, 1, str(folder / "ranks.npy"), (0, 2)), str(folder / "gone.npy")


@pytest.mark.parametrize(
    ("max_documents", "num_old", "expected"),
    [
        # Key 7 stands in three documents, twice in the one of rank 2; key 8 twice in one; key 9 once.
        (0, 0, [(1, 5, 0), (2, 0, 0), (2, 3, 0), (3, 4, 3)]),
        (2, 0, [(1, 5, 0), (2, 0, 0), (2, 3, 0)]),
        (3, 0, []),
        (0, 2, [(2, 0, 0), (2, 3, 0), (3, 4, 3)]),
    ],
)
def test_the_first_of_repeated_parts_stays(tmp_path, max_documents: int, num_old: int, expected: list) -> None:
    shards = [[(7, 0, 3), (7, 0, 0), (8, 1, 4), (8, 1, 1)], [(7, 0, 5), (7, 1, 2), (9, 1, 0)]]
    runs, gone = runs_of(tmp_path, shards, [2, 3, 1, 0])
    FindRepeated(runs, gone, "repeated", max_documents, num_old)(0, tmp_path)
    ranks = [2, 3, 1, 0]
    found = np.load(tmp_path / "scratch/repeated/0.npy")
    assert sorted((ranks[key >> 32], end, first) for key, end, first in found.tolist()) == expected
    assert found["key"].tolist() == sorted(found["key"].tolist())
    assert (found["key"] & np.uint64(0xFFFFFFFF)).tolist() == found["end"].tolist()


@given(st.dictionaries(st.tuples(st.integers(0, 8), st.integers(0, 8)), st.sampled_from([0.7, 0.8, 0.9]), max_size=20))
def test_survivors_do_not_depend_on_the_order_of_pairs(similarities: dict[tuple[int, int], float]) -> None:
    pairs = {pair: value for pair, value in similarities.items() if pair[0] < pair[1]}
    found = survivors(pairs)
    assert found == survivors(dict(reversed(pairs.items())))
    gone = {loser for loser, _, _ in found}
    assert all(winner not in gone and pairs[winner, loser] >= 0.8 for loser, winner, _ in found)
    assert all(value < 0.8 or set(pair) & gone for pair, value in pairs.items())
