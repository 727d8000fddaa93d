"""Arrays with an entry for each document, kept in files: only a window of one is in memory at a time.

A map of a whole file would not do: every page that was ever touched stays in the process until the map is closed, and
places drawn at random touch all of them.
"""

from __future__ import annotations

import ast
import mmap
import os
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from firstwords.artifact import TEMPORARY

WINDOW_BYTES = 2**23
"""What is mapped of a file at once."""
BLOCK_ROWS = 2**18
"""Entries of a block that is read as a whole."""

_MAGIC_BYTES = 10  # and the length of the header


class FileArray:
    """A one-dimensional `.npy` file, read and written in place.

    Whoever writes it is alone with it; a file that others read gets its name when it is whole (`ArrayWriter`).
    """

    def __init__(self, place: Path) -> None:
        self.place = Path(place)
        with self.place.open("rb") as file:
            self._length, self.dtype = read_header(file)
            self._start = file.tell()

    @classmethod
    def zeros(cls, place: Path, length: int, dtype: np.dtype | type) -> FileArray:
        """A new file of zeros, which takes no room until something is written."""
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            write_header(file, length, np.dtype(dtype))
            file.truncate(file.tell() + length * np.dtype(dtype).itemsize)
        return cls(place)

    def __len__(self) -> int:
        return self._length

    def read(self, first: int, last: int) -> np.ndarray:
        """A copy of the entries from `first` to before `last`."""
        with self.place.open("rb") as file:
            file.seek(self._start + first * self.dtype.itemsize)
            return np.fromfile(file, self.dtype, max(0, last - first))

    def blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """The whole array as copies of parts, each with the place of its first entry."""
        for first in range(0, self._length, BLOCK_ROWS):
            yield first, self.read(first, min(self._length, first + BLOCK_ROWS))

    def gather(self, places: np.ndarray) -> np.ndarray:
        """The entries at some places, in any order."""
        found = np.empty(len(places), self.dtype)
        for some, first, window in self._windows(places, write=False):
            found[some] = window[places[some] - places.dtype.type(first)]
        return found

    def scatter(self, places: np.ndarray, values: np.ndarray | float) -> None:
        """Write entries at some places, in any order, none of them twice."""
        for some, first, window in self._windows(places, write=True):
            window[places[some] - places.dtype.type(first)] = values[some] if isinstance(values, np.ndarray) else values

    def _windows(self, places: np.ndarray, write: bool) -> Iterator[tuple[slice | np.ndarray, int, np.ndarray]]:
        """Which of the places lie in a window, the number of its first entry, and its entries."""
        if not len(places):
            return
        rows = max(1, WINDOW_BYTES // self.dtype.itemsize)
        with self.place.open("r+b" if write else "rb") as file:
            if self._length <= rows:
                yield slice(None), 0, self._map(file, 0, self._length, write)
                return
            # NumPy sorts 16-bit numbers by their digits, in two passes.
            windows = (places // places.dtype.type(rows)).astype(np.min_scalar_type(self._length // rows))
            order = np.argsort(windows, kind="stable")
            counts = np.bincount(windows)
            ends = np.cumsum(counts)
            for number in np.flatnonzero(counts).tolist():
                some = order[ends[number] - counts[number] : ends[number]]
                yield some, number * rows, self._map(file, number * rows, rows, write)

    def _map(self, file: BinaryIO, first: int, rows: int, write: bool) -> np.ndarray:
        """Entries of a map that is closed with the last reference to them."""
        low = self._start + first * self.dtype.itemsize
        high = low + min(rows, self._length - first) * self.dtype.itemsize
        offset = low - low % mmap.ALLOCATIONGRANULARITY
        access = mmap.ACCESS_WRITE if write else mmap.ACCESS_READ
        mapped = mmap.mmap(file.fileno(), high - offset, access=access, offset=offset)
        return np.frombuffer(mapped, self.dtype, offset=low - offset)


class ArrayWriter:
    """Writes an array part by part; as a context manager, it gives the file its name when everything is in it."""

    def __init__(self, place: Path, dtype: np.dtype | type) -> None:
        self.place, self.dtype = place, np.dtype(dtype)
        self.length = 0

    def __enter__(self) -> ArrayWriter:
        self.place.parent.mkdir(parents=True, exist_ok=True)
        name = f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:8]}-{self.place.name}"
        self._temporary = self.place.with_name(name)
        self._file = self._temporary.open("wb")
        write_header(self._file, 0, self.dtype)
        return self

    def write(self, values: np.ndarray) -> None:
        """Append entries."""
        np.ascontiguousarray(values, self.dtype).tofile(self._file)
        self.length += len(values)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._file.seek(0)
                # The header of a vector has one size for every length.
                write_header(self._file, self.length, self.dtype)
            self._file.close()
            if kind is None:
                os.replace(self._temporary, self.place)
        finally:
            self._file.close()
            self._temporary.unlink(missing_ok=True)


def write_header(file: BinaryIO, length: int, dtype: np.dtype) -> None:
    """Write the beginning of a `.npy` file of a vector."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (length,)}
    np.lib.format.write_array_header_1_0(file, header)


def read_header(file: BinaryIO) -> tuple[int, np.dtype]:
    """Length and type of the array in a `.npy` file; the file is left where its entries begin."""
    start = file.read(_MAGIC_BYTES)
    assert start[:8] == b"\x93NUMPY\x01\x00", f"{file.name} is not of our writing"
    return _parsed(file.read(int.from_bytes(start[8:], "little")))


@lru_cache(maxsize=1024)
def _parsed(header: bytes) -> tuple[int, np.dtype]:
    # A shuffle opens every run for every partition, and NumPy evaluates a header as an expression each time.
    found = ast.literal_eval(header.decode("latin-1"))
    return int(found["shape"][0]), np.lib.format.descr_to_dtype(found["descr"])
