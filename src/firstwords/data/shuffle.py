"""Shuffle steps: rows of all shards brought together by key, one range of the keys at a time.

The map side writes one *run* for each shard: records sorted by their field `key`. The reduce side takes one range of
the keys out of every run, found by binary search in the file. So any number of workers makes the same
partitions, and there is no file for each pair of shard and partition.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from firstwords.artifact import TEMPORARY
from firstwords.data.file_array import read_header

PARTITION_ROWS = 1_000_000
"""Records of one partition, which a worker holds in memory several times over while it sorts them: about 80 MB."""
IN_ORDER_ROWS = 250_000
"""Records that the process that decides holds at a time."""


def records(**columns: np.ndarray) -> np.ndarray:
    """Arrays of one length as one array of records with their names as fields."""
    rows = np.empty(len(next(iter(columns.values()))), [(name, values.dtype) for name, values in columns.items()])
    for name, values in columns.items():
        rows[name] = values
    return rows


def write_run(place: Path, rows: np.ndarray) -> None:
    """Write the records of one shard sorted by `key` (uint64); equal keys keep their order."""
    write_array(place, rows[np.argsort(rows["key"], kind="stable")])


def write_array(place: Path, values: np.ndarray) -> None:
    """Write an array as a `.npy` file that is there completely or not at all.

    It is not forced to the disk, which takes longer than the step that made it: should the power fail, the digest in
    its receipt tells (`Work.receipt`), and the step is done again.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{place.name}")
    try:
        with temporary.open("wb") as file:
            np.save(file, values, allow_pickle=False)
        os.replace(temporary, place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_array(place: Path) -> np.ndarray:
    """An array as a read-only map of its file."""
    values = np.load(place, allow_pickle=False, mmap_mode=None if place.stat().st_size < 2**16 else "r")
    values.flags.writeable = False
    return values


def count_partitions(rows: int) -> int:
    """How many partitions a shuffle of so many records has: a function of the data alone, never of the workers."""
    return max(1, -(-rows // PARTITION_ROWS))


def read_partition(runs: Sequence[Path], partition: int, partitions: int) -> tuple[np.ndarray, np.ndarray]:
    """The records of one range of the keys from all runs.

    Args:
        runs: At least one, in shard order.
        partition: Which range, from 0.
        partitions: How many equal ranges the 64-bit keys are cut into.

    Returns:
        The records, and for each the number of its run; in run order, then by key.
    """
    low = -(-partition * 2**64 // partitions)
    high = -(-(partition + 1) * 2**64 // partitions) - 1
    return read_range(runs, low, high)


def read_range(runs: Sequence[Path], low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """The records of all runs whose keys are from `low` to `high`, both included; see `read_partition`."""
    bounds = [_rows_below(runs, bound) for bound in (low, high + 1)]
    parts = [_read_rows(run, first, last) for run, first, last in zip(runs, *bounds, strict=True)]
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def read_in_order(runs: Sequence[Path], low: int, high: int) -> Iterator[np.ndarray]:
    """The records of all runs in order of their keys, at most `IN_ORDER_ROWS` at a time, unless they are of one key.

    Args:
        runs: In shard order; so are records of equal keys, which come together.
        low, high: All keys are from `low` to before `high`.
    """
    if not runs:
        return
    waiting = [(low, high, _rows_below(runs, low), _rows_below(runs, high))]
    while waiting:
        low, high, firsts, lasts = waiting.pop()
        number = sum(lasts) - sum(firsts)
        if number > IN_ORDER_ROWS and high - low > 1:
            middle = (low + high) // 2
            between = _rows_below(runs, middle)
            waiting += [(middle, high, between, lasts), (low, middle, firsts, between)]
        elif number:
            found = np.concatenate([_read_rows(*each) for each in zip(runs, firsts, lasts, strict=True)])
            yield found[np.argsort(found["key"] if found.dtype.fields else found, kind="stable")]


def _rows_below(runs: Sequence[Path], bound: int) -> list[int]:
    """How many records of each run have keys below a bound, which may be 2^64."""
    numbers = []
    for run in runs:
        with run.open("rb") as file:
            number, dtype = read_header(file)
            numbers.append(_count_below(file, file.tell(), number, dtype, bound))
    return numbers


def _read_rows(run: Path, first: int, last: int) -> np.ndarray:
    with run.open("rb") as file:
        _, dtype = read_header(file)
        file.seek(file.tell() + first * dtype.itemsize)
        return np.fromfile(file, dtype, last - first)


def _count_below(file: BinaryIO, start: int, number: int, dtype: np.dtype, bound: int) -> int:
    """How many records of a run have keys below a bound, which may be 2^64.

    A few reads of eight bytes each: a map of the file would hold as many pages as its keys lie on, since NumPy copies
    a column of packed records before it searches.
    """
    offset = start + dtype.fields["key"][1] if dtype.fields else start
    low, high = 0, number
    while low < high:
        middle = (low + high) // 2
        key = int.from_bytes(os.pread(file.fileno(), 8, offset + middle * dtype.itemsize), sys.byteorder)
        if key < bound:
            low = middle + 1
        else:
            high = middle
    return low
