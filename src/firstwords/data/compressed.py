"""Files as streams of bytes and of lines, whatever they are compressed with: gzip, Zstandard, bzip2, LZ4 or xz."""

import io
import lzma
import zlib
from pathlib import Path
from typing import Any

from firstwords.errors import RecipeError

ENDS = ("", ".gz", ".zst", ".bz2", ".lz4", ".xz")
# What reading a damaged file raises; the standard library has no common base for it.
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError)
_BLOCK = 2**20
ENDLESS_BYTES = 2**30
"""A line of more bytes is not read to its end: a small compressed file may hold one that takes days."""


class EndlessLine(OSError):
    """A line that goes on behind all bounds; there is no way to what stands behind it. One of `DAMAGE`."""


def suffixes_of(*names: str) -> tuple[str, ...]:
    """File name ends of some formats, plain and in every compression: `suffixes_of("csv")` has `.csv` and `.csv.gz`."""
    return tuple(f".{name}{end}" for name in names for end in ENDS)


def opened(path: Path) -> io.BufferedIOBase:
    """The uncompressed bytes of a file, by the end of its name. Damage raises one of `DAMAGE` while reading."""
    name = path.name.lower()
    if name.endswith(".gz"):
        import gzip

        return gzip.open(path, "rb")
    if name.endswith(".bz2"):
        import bz2

        return bz2.open(path, "rb")
    if name.endswith(".xz"):
        return lzma.open(path, "rb")
    if name.endswith((".zst", ".lz4")):
        import pyarrow as pa

        try:
            stream = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd" if name.endswith(".zst") else "lz4")
        except pa.ArrowInvalid as error:
            raise RecipeError(f"{path}: {error}") from None
        return io.BufferedReader(_Readable(stream), _BLOCK)
    return path.open("rb")


def line_of(file: io.BufferedIOBase, limit: int) -> tuple[bytes, int]:
    """The next line and its length; of a line above the limit the length only. Length 0: the file has ended.

    Raises:
        EndlessLine: If the line has more than `ENDLESS_BYTES` and more than the limit.
    """
    line = file.readline(limit + 1)
    if len(line) <= limit or line.endswith(b"\n"):
        return line, len(line)
    size = len(line)
    while size <= max(limit, ENDLESS_BYTES):
        rest = file.readline(_BLOCK)
        size += len(rest)
        if not rest or rest.endswith(b"\n"):
            return b"", size
    raise EndlessLine(f"a line of more than {max(limit, ENDLESS_BYTES)} bytes; what stands behind it is not read")


class _Readable(io.RawIOBase):
    """An Arrow stream as a raw stream of the standard library."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
