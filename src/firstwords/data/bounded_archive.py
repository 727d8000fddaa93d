"""Members of a ZIP archive, read in pieces and never more than a limit.

What an archive says of its sizes is not believed. Nothing is written to disk, and only members with plain relative
names can be asked for.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

PIECE = 64 * 1024
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises over damaged archives, besides its own error.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError,
    KeyError, IndexError, OverflowError,
)  # fmt: skip


class BadArchive(Exception):
    """An archive or member that is not read. `reason` is one of the closed set of `document.Reason`."""

    def __init__(self, reason: Any, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an archive may ask for. Sizes in bytes as they unfold; a ratio counts only above `ratio_from` bytes."""

    members: int = 10_000
    member: int = 64 * 2**20
    total: int = 512 * 2**20
    ratio: float = 200.0
    ratio_from: int = 2**20


class BoundedArchive:
    """A ZIP archive in memory.

    Raises:
        BadArchive: If it is none, or has too many members.
    """

    def __init__(self, body: bytes, limits: Limits) -> None:
        self._limits = limits
        self._size = len(body)
        self._read = 0
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
            members = self._zip.infolist()
        except _DAMAGE as error:
            reason = "truncated" if body.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in body else "malformed"
            raise BadArchive(reason, f"no ZIP archive: {error}") from None
        if len(members) > limits.members:
            raise BadArchive("too_large", f"{len(members)} members, at most {limits.members} are read")
        self._members = {member.filename: member for member in members if is_plain(member)}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def names(self) -> list[str]:
        """Names that can be read, in the archive's order."""
        return list(self._members)

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            BadArchive: If there is none of that name, if it is damaged, encrypted or packed in an unusual way, or if it
                unfolds to more than the limits allow.
        """
        member = self._members.get(name)
        if member is None:
            raise BadArchive("malformed", f"no member '{name[:200]}'")
        if member.flag_bits & 1:
            raise BadArchive("unsupported", f"encrypted: member '{name[:200]}' needs a password")
        if member.compress_type not in METHODS:
            raise BadArchive("unsupported", f"member '{name[:200]}' is packed by method {member.compress_type}")
        out = bytearray()
        try:
            with self._zip.open(member) as stream:
                while piece := stream.read(PIECE):
                    out += piece
                    self._read += len(piece)
                    self._check(name, len(out), member.compress_size)
        except _DAMAGE as error:
            raise BadArchive("malformed", f"member '{name[:200]}' is damaged: {error}") from None
        return bytes(out)

    def _check(self, name: str, size: int, packed: int) -> None:
        limits = self._limits
        # A member cannot be packed in more than the whole archive, whatever it says.
        ratios = ((size, min(packed, self._size)), (self._read, self._size))
        if size > limits.member or self._read > limits.total:
            detail = f"'{name[:200]}' unfolds to more than {limits.member} bytes, or all members to {limits.total}"
            raise BadArchive("too_large", detail)
        if any(unfolded > limits.ratio_from and unfolded > limits.ratio * inside for unfolded, inside in ratios):
            raise BadArchive("too_large", f"'{name[:200]}' unfolds to more than {limits.ratio:g} times its size")


def is_plain(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a file with a relative name that stays inside: no link, no drive, no `..`."""
    name = member.filename
    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
    parts = name.split("/")
    if is_link or member.is_dir() or name.startswith("/"):
        return False
    return not ("\\" in name or "\0" in name or ":" in parts[0] or ".." in parts)
