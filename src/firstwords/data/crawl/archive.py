"""Writing WARC files: one gzip member a record, whole files only, the same bytes for the same pages.

Common Crawl's convention is followed for bodies whose encodings were undone: the headers that no longer hold are
kept under `X-Crawler-`.
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from firstwords.artifact import atomic_write

GZIP_LEVEL = 6
# Gzip header without time and operating system, so that equal records give equal bytes.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_NOT_OF_THE_BODY = frozenset({"content-length", "content-encoding", "transfer-encoding"})
# Of one request, not of the page; some are secrets of a session.
_NOT_STORED = frozenset({"set-cookie", "set-cookie2", "connection", "keep-alive"})


@dataclass(frozen=True)
class Page:
    """One fetched page as it is stored.

    Attributes:
        url: Canonical.
        date: When it was fetched, `YYYY-MM-DDTHH:MM:SSZ`; a fixed date for a source whose pages have no time.
        status_line: Of HTTP, for example `HTTP/1.1 200 OK`.
        headers: Of HTTP, as received.
        body: Encodings undone.
        metadata: What the crawler adds (depth, opt-out signals, licence): a WARC record of type `metadata`.
    """

    url: str
    date: str
    status_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    metadata: tuple[tuple[str, str], ...] = ()


class Archive:
    """A WARC file being written; a context manager. It appears under its name only when the block ends well."""

    def __init__(self, path: Path, software: str, date: str) -> None:
        self._atomic = atomic_write(path)
        self._software = software
        self._date = date
        self.num_pages = 0

    def __enter__(self) -> Archive:
        self._file = self._atomic.__enter__().open("wb")
        info = f"software: {self._software}\r\nformat: WARC File Format 1.1\r\n".encode()
        self._record("warcinfo", None, self._date, "application/warc-fields", info)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._file.close()
        return self._atomic.__exit__(kind, error, trace)

    def write(self, page: Page) -> None:
        """Append a page and what the crawler knows about it."""
        block = http_block(page.status_line, page.headers, page.body)
        digest = hashlib.sha1(page.body, usedforsecurity=False)
        extra = [("WARC-Payload-Digest", "sha1:" + _base32(digest.digest()))]
        record = self._record("response", page.url, page.date, "application/http; msgtype=response", block, extra)
        if page.metadata:
            fields = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in page.metadata).encode()
            self._record(
                "metadata", page.url, page.date, "application/warc-fields", fields, [("WARC-Concurrent-To", record)]
            )
        self.num_pages += 1

    def _record(
        self,
        kind: str,
        url: str | None,
        date: str,
        media_type: str,
        block: bytes,
        extra: list[tuple[str, str]] | None = None,
    ) -> str:
        # The name follows from the content, so writing the same page again gives the same record.
        content = b"\0".join([kind.encode(), (url or "").encode(), date.encode(), block])
        name = f"<urn:uuid:{uuid.UUID(bytes=hashlib.blake2b(content, digest_size=16).digest(), version=4)}>"
        headers = [("WARC-Type", kind), ("WARC-Record-ID", name), ("WARC-Date", date)]
        headers += [("WARC-Target-URI", url)] if url else []
        headers += [*(extra or []), ("Content-Type", media_type), ("Content-Length", str(len(block)))]
        head = "WARC/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in headers) + "\r\n"
        self._file.write(gzip_member(head.encode() + block + b"\r\n\r\n"))
        return name


def http_block(status_line: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """An HTTP response whose headers fit its body: encodings undone, length right, no cookies."""
    lines = [status_line]
    for name, value in headers:
        if name.lower() in _NOT_STORED:
            continue
        prefix = "X-Crawler-" if name.lower() in _NOT_OF_THE_BODY else ""
        lines.append(f"{prefix}{name}: {_one_line(value)}")
    lines.append(f"Content-Length: {len(body)}")
    # HTTP headers are bytes that http.client reads as Latin-1; this is the way back.
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def gzip_member(data: bytes) -> bytes:
    """One gzip member without a time stamp."""
    engine = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, -15)
    body = engine.compress(data) + engine.flush()
    return _GZIP_HEADER + body + zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _base32(digest: bytes) -> str:
    import base64

    return base64.b32encode(digest).decode()
