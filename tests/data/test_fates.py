import numpy as np

from firstwords.data import file_array
from firstwords.data.fates import EXACT, SIMILAR, TOO_SHORT, URL, Fates, Ranking
from firstwords.data.shuffle import write_array


def ranking_in(folder, starts: tuple[int, ...]) -> Ranking:
    """Ranks are the numbers of the documents backwards, ids a hundred more than ranks."""
    ranks = np.arange(starts[-1], dtype=np.uint32)
    for name, values in (("ranks", ranks[::-1]), ("documents", ranks[::-1]), ("ids", ranks.astype(np.uint64) + 100)):
        write_array(folder / f"{name}.npy", values)
    return Ranking(*(str(folder / f"{name}.npy") for name in ("ranks", "documents", "ids")), starts)


def test_what_went_for_one_that_went_names_the_one_that_stays(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(file_array, "BLOCK_ROWS", 2)
    fates = Fates.new(tmp_path / "fates", 7)
    fates.drop(np.array([6]), TOO_SHORT, 3.0)
    fates.drop(np.array([5, 4]), URL, 1.0, np.array([3, 1]))
    fates.drop(np.array([3]), EXACT, 1.0, np.array([2]))
    fates.drop(np.array([2]), SIMILAR, np.array([0.9]), np.array([0]))
    assert fates.gone(np.array([0, 6, 1, 2])).tolist() == [False, True, False, True]
    fates.name_survivors()
    ranking = ranking_in(tmp_path, (0, 7))
    found = fates.of(np.arange(7), ranking)
    assert found["reason"].tolist() == [0, 0, SIMILAR, EXACT, URL, URL, TOO_SHORT]
    assert found["kept"][2:6].tolist() == [100, 100, 101, 100]
    assert found["copies"][:2].tolist() == [4, 2]
    assert found["score"].tolist() == [0, 0, 0.9, 1, 1, 1, 3]
    standing = [
        pair for some in fates.standing_for_others(1) for pair in zip(*map(np.ndarray.tolist, some), strict=True)
    ]
    assert standing == [(1, 2)]


def test_who_is_gone_is_written_by_rank(tmp_path) -> None:
    fates = Fates.new(tmp_path / "fates", 4)
    fates.drop(np.array([2]), EXACT, 1.0, np.array([0]))
    fates.write_gone(tmp_path / "gone.npy")
    assert np.load(tmp_path / "gone.npy").tolist() == [False, False, True, False]


def test_ranks_and_places_are_found_from_each_other(tmp_path) -> None:
    ranking = ranking_in(tmp_path, (0, 2, 2, 5))
    assert [ranking.ranks_of(shard).tolist() for shard in range(3)] == [[4, 3], [], [2, 1, 0]]
    shards, rows = ranking.places(np.array([0, 4, 2]))
    assert (shards.tolist(), rows.tolist()) == ([2, 0, 2], [2, 0, 0])
    assert ranking.ids_of(np.array([1, 0])).tolist() == [101, 100]
    assert len(ranking) == 5
