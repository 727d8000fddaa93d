import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import ranking
from firstwords.data.ranking import ORDER, by_preference, preferred_first
from firstwords.data.shuffle import write_array


def test_ranks_prefer_source_then_quality_then_length_then_id() -> None:
    rows = [
        (1, 9.0, 900, 0, 1, 0),
        (0, 0.5, 100, 0, 9, 1),
        (0, 0.5, 200, 0, 8, 2),
        (0, 0.5, 200, 0, 7, 3),
        (0, 0.7, 5, 0, 6, 4),
        (0, -np.inf, 999, 0, 0, 5),
    ]
    documents = np.array(rows, ORDER)
    assert documents[preferred_first(documents)]["row"].tolist() == [4, 3, 2, 1, 5, 0]
    documents["quality"] = 0
    assert documents[preferred_first(documents)]["row"].tolist() == [5, 3, 2, 1, 4, 0]
    assert len(preferred_first(documents[:0])) == 0


# Few different values: many documents are equal in all but their id, some in that too.
DOCUMENTS = st.tuples(
    st.integers(0, 1), st.sampled_from([0.0, -0.0, 0.5, -np.inf]), st.integers(0, 2), st.integers(0, 3)
)


@given(st.lists(st.lists(DOCUMENTS, max_size=12), max_size=5), st.integers(1, 4), st.integers(1, 9))
def test_parts_of_sorted_runs_are_the_whole_order(tmp_path_factory, shards, every: int, at_once: int) -> None:
    folder = tmp_path_factory.mktemp("r")
    documents = []
    for number, shard in enumerate(shards):
        rows = np.array([(*rest, 0, identity, row) for row, (*rest, identity) in enumerate(shard)], ORDER)
        documents.append(rows)
        write_array(folder / f"{number}.npy", rows[preferred_first(rows)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "SAMPLE_EVERY", every)
        patch.setattr(ranking, "RANKED_AT_ONCE", at_once)
        found = list(by_preference([folder / f"{number}.npy" for number in range(len(shards))]))
    whole = np.concatenate([np.empty(0, ORDER), *documents])
    run = np.repeat(np.arange(len(shards)), [len(shard) for shard in shards])
    order = preferred_first(whole)
    assert np.concatenate([rows for rows, _ in found]).tolist() == whole[order].tolist()
    assert np.concatenate([runs for _, runs in found]).tolist() == run[order].tolist()


def test_no_part_is_much_larger_than_the_others(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ranking, "SAMPLE_EVERY", 10)
    monkeypatch.setattr(ranking, "RANKED_AT_ONCE", 500)
    draw = np.random.default_rng(0)
    for number in range(8):
        rows = np.zeros(1000, ORDER)
        rows["id"] = draw.integers(0, 2**64, 1000, np.uint64)  # all of one length
        write_array(tmp_path / f"{number}.npy", rows[preferred_first(rows)])
    sizes = [len(rows) for rows, _ in by_preference([tmp_path / f"{number}.npy" for number in range(8)])]
    assert len(sizes) >= 14 and max(sizes) < 600
