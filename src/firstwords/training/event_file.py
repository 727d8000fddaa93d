"""Scalars in TensorBoard's own files, without its libraries.

A file is a row of records: length, its checksum, an `Event` message, its checksum (TFRecord; CRC-32C, rotated and
shifted). An event is a protocol buffer with a time, a step and named numbers (tensorflow/core/util/event.proto,
tensorflow/core/framework/summary.proto).
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

VERSION = b"brain.Event:2"
CASTAGNOLI = 0x82F63B78
MASK = 0xA282EAD8


@cache
def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (CASTAGNOLI if value & 1 else 0)
        entries.append(value)
    return tuple(entries)


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli; RFC 3720, appendix B.4)."""
    table, value = _table(), 0xFFFFFFFF
    for byte in data:
        value = table[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def masked_crc(data: bytes) -> int:
    """The checksum as records hold it."""
    value = crc32c(data)
    return ((value >> 15 | value << 17) + MASK) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    """A message with its length and checksums."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _bytes_field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def scalars(wall_time: float, step: int, values: Mapping[str, float]) -> bytes:
    """An event with named numbers (float32, as the format has them)."""
    entries = b"".join(
        _bytes_field(1, _bytes_field(1, name.encode()) + b"\x15" + struct.pack("<f", value))
        for name, value in values.items()
    )
    return b"\x09" + struct.pack("<d", wall_time) + b"\x10" + _varint(step) + _bytes_field(5, entries)


class EventFile:
    """A new file that TensorBoard reads while it grows.

    Args:
        folder: Made if it is not there; each process of a run adds a file to it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        name = f"events.out.tfevents.{now:017.6f}.{socket.gethostname()}.{os.getpid()}"
        self._file = (folder / name).open("wb")
        self._write(b"\x09" + struct.pack("<d", now) + _bytes_field(3, VERSION))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write named numbers of a step."""
        self._write(scalars(time.time(), step, values))

    def _write(self, event: bytes) -> None:
        self._file.write(record(event))
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()
