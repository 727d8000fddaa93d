import numpy as np
import pytest

from firstwords.data import shuffle
from firstwords.data.shuffle import (
    PARTITION_ROWS,
    count_partitions,
    read_array,
    read_in_order,
    read_partition,
    records,
    write_array,
    write_run,
)


def runs_in(folder, sizes: list[int]) -> list:
    draw = np.random.default_rng(0)
    places = []
    for number, size in enumerate(sizes):
        keys = draw.integers(0, 2**64, size, dtype=np.uint64, endpoint=False)
        keys[:1], keys[1:2] = 0, 2**64 - 1
        places.append(folder / f"{number}.npy")
        write_run(places[-1], records(key=keys, row=np.arange(size, dtype=np.uint32)))
    return places


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_every_record_is_in_exactly_one_partition(tmp_path, partitions: int) -> None:
    places = runs_in(tmp_path, [500, 0, 3, 9000])
    parts = [read_partition(places, number, partitions) for number in range(partitions)]
    together = sorted(
        (int(run), int(row["row"]), int(row["key"]))
        for rows, runs in parts
        for row, run in zip(rows, runs, strict=True)
    )
    whole, runs = read_partition(places, 0, 1)
    assert together == sorted(
        (int(run), int(row["row"]), int(row["key"])) for row, run in zip(whole, runs, strict=True)
    )
    assert len(together) == 9503
    keys = [set(rows["key"].tolist()) for rows, _ in parts]
    assert sum(map(len, keys)) == len(set().union(*keys)), "a key is in two partitions"


def test_partitions_follow_the_data_alone() -> None:
    assert [count_partitions(rows) for rows in (0, 1, PARTITION_ROWS, PARTITION_ROWS + 1)] == [1, 1, 1, 2]


def test_arrays_come_back_equal_and_read_only(tmp_path) -> None:
    for size in (0, 5, 100_000):
        values = np.arange(size)
        write_array(tmp_path / "values.npy", values)
        again = read_array(tmp_path / "values.npy")
        assert np.array_equal(again, values)
        assert not again.flags.writeable


def test_records_in_order_are_the_sorted_ones_of_all_runs(tmp_path, monkeypatch) -> None:
    places = runs_in(tmp_path, [500, 0, 3, 900])
    whole, _ = read_partition(places, 0, 1)
    for rows in (1, 7, 10_000):
        monkeypatch.setattr(shuffle, "IN_ORDER_ROWS", rows)
        parts = list(read_in_order(places, 0, 2**64))
        assert np.concatenate(parts).tolist() == whole[np.argsort(whole["key"], kind="stable")].tolist()
        # Keys 0 and 2^64 - 1 stand in three of the runs.
        assert max(map(len, parts)) <= max(rows, 3)
    assert list(read_in_order([], 0, 2**64)) == []


def test_plain_arrays_are_their_own_keys(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(shuffle, "IN_ORDER_ROWS", 2)
    for number, values in enumerate(([1, 5, 9], [1, 2, 9])):
        write_array(tmp_path / f"{number}.npy", np.array(values, np.uint64))
    parts = read_in_order([tmp_path / "0.npy", tmp_path / "1.npy"], 0, 16)
    assert np.concatenate(list(parts)).tolist() == [1, 1, 2, 5, 9, 9]
