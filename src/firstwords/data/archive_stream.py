"""Compressed files as one stream of bytes, with marks where gzip members begin and where data is missing.

Nothing here knows what the bytes mean, but for one question that the caller answers: whether some bytes begin a record.
After damage that tells where reading may go on.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isal import isal_zlib

MAX_HEADER = 64 * 1024
MAX_RECORD = 64 * 2**20  # bytes of one record that are held in memory
BLANK = b"\r\n\0"
CUT_OFF = "the file ends inside a gzip member"
_GZIP = b"\x1f\x8b\x08"
# A member up to this size, unfolded, is tried as a whole: nearly all archives have one for each record.
WHOLE_MEMBER = 2 * 2**20
_RESERVED_FLAGS = 0xE0
_QuickError: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stubs take the class for an instance
_LZ4 = b"\x04\x22\x4d\x18"
_ZSTD = b"\x28\xb5\x2f\xfd"

BeginsRecord = Callable[[bytes], bool]


@dataclass(frozen=True)
class Mark:
    """A place in the uncompressed stream: a gzip member begins (`broken` is empty), or data is missing here."""

    offset: int
    broken: str = ""


@contextmanager
def mapped(path: Path) -> Iterator[Any]:
    """A file in memory as it is read; empty bytes for an empty file."""
    with Path(path).open("rb") as file:
        if file.seek(0, 2) == 0:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def pieces(data: Any, path: Path, begins_record: BeginsRecord) -> Iterator[bytes | str]:
    """Uncompressed bytes; a string is a mark (empty: a gzip member begins; otherwise what is broken here)."""
    start = data[:MAX_HEADER].lstrip(BLANK)
    if data[:4] in (_LZ4, _ZSTD):
        unfolded = _arrow_pieces(path, "lz4" if data[:4] == _LZ4 else "zstd")
        first = next(unfolded, "")
        # What cannot be unfolded at all only looks like it.
        if isinstance(first, bytes):
            yield first
            yield from unfolded
            return
    members = _unfolds(data) or (not begins_record(start) and _next_member(data, 0, begins_record) is not None)
    if members:
        yield from _gzip_pieces(data, begins_record)
    else:
        for start in range(0, len(data), 2**20):
            yield data[start : start + 2**20]


def _unfolds(data: Any) -> bool:
    """Whether a file is compressed with gzip, rather than only beginning with the three bytes that say so."""
    if data[:3] != _GZIP:
        return False
    try:
        return bool(zlib.decompressobj(31).decompress(data[:4096], 1)) or len(data) < 4096
    except zlib.error:
        return False


def _gzip_pieces(data: Any, begins_record: BeginsRecord) -> Iterator[bytes | str]:
    position = 0
    while position < len(data):
        if data[position : position + 3] != _GZIP:
            following = _next_member(data, position, begins_record)
            if data[position : len(data) if following is None else following].strip(b"\0"):
                yield "bytes between gzip members"
            if following is None:
                return
            position = following
        yield ""
        ended = yield from _gzip_member(data, position)
        if ended is None:
            following = _next_member(data, position + 1, begins_record)
            if following is None:
                return
            ended = following
        position = ended


def _gzip_member(data: Any, start: int) -> Generator[bytes | str, None, int | None]:
    """The pieces of one member; returns where the next begins, or None if it is damaged."""
    if whole := _sound_member(data, start):
        unfolded, end = whole
        yield unfolded
        return end
    engine = zlib.decompressobj(31)
    position, step = start, 8 * 1024
    while not engine.eof:
        block = data[position : position + step]
        if not block:
            yield CUT_OFF
            return None
        before = engine.copy() if position > start else zlib.decompressobj(31)
        given = 0
        try:
            while block and not engine.eof:
                piece = engine.decompress(block, 2**20)
                given += len(piece)
                yield piece
                block = engine.unconsumed_tail
        except zlib.error as error:
            # zlib gives nothing of a call that fails: come as near to the damage as possible in small steps.
            yield _until_error(before, data[position : position + step])[given:]
            yield f"gzip: {error}"
            return None
        position += step
        step = 64 * 1024
    return min(position, len(data)) - len(engine.unused_data)


def _sound_member(data: Any, start: int) -> tuple[bytes, int] | None:
    """A small member without a fault, and where the next begins, by a decoder of twice the speed of zlib's.

    It gives nothing where zlib would find fault or the member is large; there zlib reads from the start, and tells.
    """
    head = data[start : start + 10]
    # The one fault that it does not see.
    if len(head) < 10 or head[3] & _RESERVED_FLAGS:
        return None
    engine = isal_zlib.decompressobj(31)
    position, step = start, 32 * 1024
    pieces = []
    room = WHOLE_MEMBER
    try:
        while not engine.eof:
            block = data[position : position + step]
            position += len(block)
            if not block or room <= 0:
                return None
            piece = engine.decompress(block, room)
            pieces.append(piece)
            room -= len(piece)
    except _QuickError:
        return None
    return b"".join(pieces), position - len(engine.unused_data)


def _until_error(engine: Any, block: bytes) -> bytes:
    """What a block unfolds to before its damage, to the byte; at most 64 MiB of it."""
    out = bytearray()
    for step in (64, 1):
        start = 0
        while start < len(block) and len(out) <= MAX_RECORD:
            before = engine.copy()
            try:
                out += engine.decompress(block[start : start + step])
            except zlib.error:
                engine = before
                break
            start += step
        block = block[start : start + step]
    return bytes(out)


def _next_member(data: Any, position: int, begins_record: BeginsRecord) -> int | None:
    """Where the next gzip member begins that holds the beginning of a record."""
    while (position := data.find(_GZIP, position)) >= 0:
        try:
            head = zlib.decompressobj(31).decompress(data[position : position + 4096], 5000)
        except zlib.error:
            head = b""
        if begins_record(head.lstrip(BLANK)):
            return position
        position += 1
    return None


def _arrow_pieces(path: Path, codec: str) -> Iterator[bytes | str]:
    import pyarrow as pa

    with pa.CompressedInputStream(pa.OSFile(str(path)), codec) as stream:
        while True:
            try:
                # Small pieces: what a failing call had unfolded already is lost.
                piece = stream.read(1024)
            except OSError as error:
                yield f"{codec}: {error}"
                return
            if not piece:
                return
            yield piece


class Window:
    """A sliding view of the uncompressed stream: positions are absolute, what lies before the view is gone."""

    def __init__(self, pieces: Iterator[bytes | str]) -> None:
        self._pieces = pieces
        self._buffer = bytearray()
        self._base = 0
        self._ended = False
        self.marks: deque[Mark] = deque()

    @property
    def end(self) -> int:
        """Position after the last byte that is here."""
        return self._base + len(self._buffer)

    def fill(self, position: int) -> bool:
        """Read on until `position` is here; False if the stream ends before."""
        while self.end < position and not self._ended:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
            elif isinstance(piece, str):
                self.marks.append(Mark(self.end, piece))
            else:
                self._buffer += piece
        return self.end >= position

    def view(self, start: int, stop: int) -> bytes:
        """The bytes between two positions, as far as they are here."""
        with memoryview(self._buffer) as whole:  # sliced as it is, the bytes would be copied twice
            return bytes(whole[start - self._base : max(0, stop - self._base)])

    def forget(self, position: int) -> None:
        """Let go of everything before a position."""
        count = min(position - self._base, len(self._buffer))
        if count > 0:
            del self._buffer[:count]
            self._base += count
        while self.marks and self.marks[0].offset < position:
            self.marks.popleft()

    def skip_blank(self, position: int) -> int:
        """The next position that holds something else than line ends and zeros."""
        while self.fill(position + 1):
            piece = self.view(position, min(self.end, position + 4096))
            rest = piece.lstrip(BLANK)
            position += len(piece) - len(rest)
            if rest:
                return position
        return position

    def search(self, pattern: re.Pattern[bytes], position: int) -> int | None:
        """Where the pattern is found next, reading on to the end of the stream if need be; memory stays bounded.

        The pattern is looked for at the beginnings of lines, and at marks whatever stands before them.
        """
        while True:
            self.fill(position + 2**20)
            places = [mark.offset for mark in self.marks if mark.offset >= position]
            # The character before tells whether a line begins here.
            lead = min(1, position - self._base)
            found = pattern.search(self._buffer, position - self._base - lead)
            if found is not None and found.start() + self._base >= position:
                places.append(found.start() + self._base)
            for place in sorted(places):
                self.fill(place + MAX_HEADER)
                if pattern.match(self.view(place, place + MAX_HEADER)):
                    return place
            if self._ended:
                return None
            position = max(position, self.end - MAX_HEADER // 8)
            self.forget(position - 1)
            self.fill(self.end + 2**20)
