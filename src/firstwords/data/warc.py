"""Reading WARC and ARC archives, damaged ones too.

Every record that cannot be read is told and skipped; reading goes on at the next record, whatever lies between. No
part of a file is read twice without progress, so no input makes it loop. The parser is our own because archives in
the wild are cut off, lie about lengths, and hold whole files in one gzip member; after an error the usual readers
stop or lose what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from firstwords.data.archive_stream import BLANK, CUT_OFF, MAX_HEADER, MAX_RECORD, Mark, Window, mapped, pieces

# Announced lengths above this are taken for lies: the next record is looked for instead of skipped to.
ABSURD = 2**40

_WARC_START = re.compile(rb"(?:(?<=\n)|\A)WARC/[01]\.\d{1,2}\r?\n[A-Za-z-]{1,60}[ \t]*:")
# URL (which may hold spaces), address, time, media type, length.
_ARC_LINE = re.compile(
    rb"(?:(?<=\n)|\A)((?:filedesc|https?|ftp|dns|file):[^\r\n]{1,4000}) (\S{1,60}) (\d{8,14}) "
    rb"([^\r\n ]{1,100}) (\d{1,15})\r?\n"
)


@dataclass(frozen=True)
class RawRecord:
    """One record of an archive: its fields (names in lower case) and its block."""

    fields: dict[str, str]
    block: bytes
    offset: int
    """Where it begins in the uncompressed stream."""


@dataclass(frozen=True)
class Damage:
    """Something that is not a readable record. `size` is in bytes of the uncompressed stream."""

    reason: Literal["truncated", "malformed", "too_large"]
    detail: str
    offset: int
    size: int
    url: str | None = None


def read_archive(path: Path, max_record: int = MAX_RECORD) -> Iterator[RawRecord | Damage]:
    """The records of a WARC or ARC file in their order, plain or compressed with gzip, LZ4 or Zstandard.

    Args:
        path: The file; its content decides what it is, not its name.
        max_record: Larger records are not held but told as `too_large`.
    """
    with mapped(path) as data:
        if len(data) == 0:
            return
        window = Window(pieces(data, path, _begins_record))
        window.fill(MAX_HEADER)
        start = window.view(0, MAX_HEADER)
        parse = _arc_head if _ARC_LINE.match(start.lstrip(BLANK)) else _warc_head
        pattern = _ARC_LINE if parse is _arc_head else _WARC_START
        yield from _Reader(window, parse, pattern, max_record).records()


def _begins_record(data: bytes) -> bool:
    return bool(_WARC_START.match(data) or _ARC_LINE.match(data))


_Head = tuple[dict[str, str], int, int | None]


def _warc_head(data: bytes) -> _Head | None:
    """Fields, length of the head and of the block (None if it is not given) of a record that begins with `data`."""
    if not _WARC_START.match(data):
        return None
    found = re.search(rb"\r?\n\r?\n", data)
    if found is None:
        return None
    fields: dict[str, str] = {}
    name = ""
    for line in data[: found.start()].split(b"\n")[1:]:
        text = line.rstrip(b"\r").decode("utf-8", "replace")
        if text[:1] in (" ", "\t") and name:
            fields[name] += " " + text.strip()
            continue
        name, colon, value = text.partition(":")
        name = name.strip().lower()
        # The first of two equal fields counts: later ones are often a writer's mistake.
        if colon and name not in fields:
            fields[name] = value.strip()
        else:
            name = ""  # nor is what continues such a line kept
    digits = fields.get("content-length", "")
    return fields, found.end(), int(digits) if re.fullmatch(r"[0-9]{1,30}", digits) else None


def _arc_head(data: bytes) -> _Head | None:
    match = _ARC_LINE.match(data)
    if match is None:
        return None
    url, address, time, media_type, length = (part.decode("utf-8", "replace") for part in match.groups())
    fields = {"warc-type": "warcinfo" if url.startswith("filedesc:") else "response", "warc-target-uri": url}
    fields |= {"warc-ip-address": address, "arc-media-type": media_type}
    if len(time) == 14:
        fields["warc-date"] = f"{time[:4]}-{time[4:6]}-{time[6:8]}T{time[8:10]}:{time[10:12]}:{time[12:]}Z"
    if url.startswith(("http:", "https:")):
        fields["content-type"] = "application/http; msgtype=response"
    return fields, match.end(), int(length)


class _Reader:
    def __init__(self, window: Window, parse: Any, pattern: re.Pattern[bytes], max_record: int) -> None:
        self._position = 0
        self._told = -1  # damage up to here has been told
        self._window = window
        self._parse = parse
        self._pattern = pattern
        self._max = max_record
        # Where a record was last looked for, and what was found: the end of one is the beginning of the next.
        self._seen: tuple[int, _Head | None] = (-1, None)

    def records(self) -> Iterator[RawRecord | Damage]:
        window, position = self._window, 0
        while True:
            position = window.skip_blank(position)
            yield from self._untold(position)
            window.forget(position)
            if not window.fill(position + 1):
                return
            head: Any = self._head(position)
            if head is None:
                yield from self._lost(position, position, "malformed", "not the beginning of a record")
            elif head[2] is None or head[2] > ABSURD:
                yield from self._lost(position, position + 5, "malformed", "no usable length", head[0])
            else:
                yield from self._record(position, *head)
            position = self._position

    def _untold(self, position: int) -> Iterator[Damage]:
        """Damage between records: rubbish between gzip members, a wrong checksum after a record that is complete."""
        for mark in self._window.marks:
            if mark.broken and self._told < mark.offset <= position:
                reason: Literal["truncated", "malformed"] = "truncated" if mark.broken == CUT_OFF else "malformed"
                yield Damage(reason, mark.broken, mark.offset, 0)
                self._told = mark.offset

    def _record(self, start: int, fields: dict[str, str], head: int, length: int) -> Iterator[RawRecord | Damage]:
        window = self._window
        block = start + head
        end = block + length
        complete = window.fill(min(end, block + self._max))
        broken = self._break_in(start, min(end, window.end))
        if broken is not None:
            detail = broken.broken or "another record begins before the announced length"
            yield Damage("truncated", detail, start, broken.offset - start, _url(fields))
            # What follows a break begins a member; after damage inside one, the rest of it may still hold records.
            self._position = self._told = broken.offset
        elif not complete:
            yield from self._lost(start, block, "truncated", "the file ends before the announced length", fields)
        elif length > self._max:
            yield Damage("too_large", f"{length} bytes", start, head + length, _url(fields))
            self._position = self._skip(end)
        elif not self._ends_well(end):
            yield from self._lost(start, block, "malformed", "no record follows where it should end", fields)
        else:
            yield RawRecord(fields, window.view(block, end), start)
            self._position = end

    def _ends_well(self, end: int) -> bool:
        """Whether a record, a gzip member, damage or the end of the file follows a record."""
        window = self._window
        following = window.skip_blank(end)
        if not window.fill(following + 1) or any(end <= mark.offset <= following for mark in window.marks):
            return True
        return self._head(following) is not None

    def _head(self, position: int) -> _Head | None:
        """The head of the record that begins at a position, None if none does."""
        if self._seen[0] != position:
            self._window.fill(position + MAX_HEADER)
            self._seen = position, self._parse(self._window.view(position, position + MAX_HEADER))
        return self._seen[1]

    def _break_in(self, start: int, end: int) -> Mark | None:
        """The first place inside a record where data is missing or another record begins."""
        window = self._window
        for mark in list(window.marks):
            if start < mark.offset < end:
                window.fill(mark.offset + MAX_HEADER // 16)
                # A record may be spread over several members; a new record at the start of one ends it.
                if mark.broken or self._parse(window.view(mark.offset, mark.offset + MAX_HEADER)) is not None:
                    return mark
        return None

    def _lost(
        self,
        start: int,
        search_from: int,
        reason: Literal["truncated", "malformed"],
        detail: str,
        fields: dict[str, str] | None = None,
    ) -> Iterator[Damage]:
        """Tell of a record that cannot be read, and go on at the next one after `search_from`."""
        window = self._window
        found = window.search(self._pattern, max(search_from, start + 1))
        self._position = self._told = window.end if found is None else found
        yield Damage(reason, detail, start, self._position - start, _url(fields or {}))

    def _skip(self, end: int) -> int:
        """Pass over a record that is too large to be held, up to its end or the first break in it."""
        window = self._window
        position = window.end
        while position < end:
            broken = self._break_in(position - 1, min(end, window.end))
            if broken is not None:
                return broken.offset
            window.forget(position - MAX_HEADER)
            if not window.fill(min(end, position + 2**20)):
                return window.end
            position = min(end, position + 2**20)
        return end


def _url(fields: dict[str, str]) -> str | None:
    url = fields.get("warc-target-uri", "").strip().strip("<>")
    return url or None
