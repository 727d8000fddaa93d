"""The HTTP response inside a web-archive record, with its encodings undone and its lies forgiven where that is safe."""

from __future__ import annotations

import re
from dataclasses import dataclass

from firstwords.data.crawl.fetch import FetchFailed, expand

MAX_HEAD = 256 * 1024
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")


class BadMessage(Exception):
    """A message that cannot be read; `reason` is one of `document.REASONS`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Message:
    """Status, headers (names in lower case, in their order) and decoded body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of a lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


def parse_response(block: bytes, max_body: int) -> Message:
    """Parse an HTTP response.

    Args:
        block: Status line, headers and body as they came over the wire, or with the encodings already undone (many
            archives keep the headers of encodings that they removed).
        max_body: Limit of the decoded body, in bytes.

    Raises:
        BadMessage: If it is not an HTTP response, or its body is damaged or too large.
    """
    found = re.search(rb"\r?\n\r?\n", block[:MAX_HEAD])
    head, body = (block[: found.start()], block[found.end() :]) if found else (block[:MAX_HEAD], b"")
    lines = head.split(b"\n")
    status = re.match(rb"\s*HTTP/[\d.]+\s+(\d{3})", lines[0])
    if status is None:
        raise BadMessage("malformed", "not an HTTP response")
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        text = line.rstrip(b"\r").decode("latin-1")
        if text[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {text.strip()}")
            continue
        name, colon, value = text.partition(":")
        if colon:
            headers.append((name.strip().lower(), value.strip()))
    message = Message(int(status[1]), tuple(headers), body)
    if "chunked" in (message.header("transfer-encoding") or "").lower():
        body = _joined(body)
    return Message(message.status, message.headers, _expanded(body, message.header("content-encoding") or "", max_body))


def _joined(body: bytes) -> bytes:
    """Undo chunked transfer coding; a body that does not begin with a chunk was stored without it and stays."""
    out = bytearray()
    position = 0
    while True:
        line = _CHUNK.match(body, position)
        if line is None:
            if position == 0:
                return body
            # All chunks are whole, the closing one is missing: nothing of the page is.
            if position >= len(body):
                return bytes(out)
            raise BadMessage("malformed", "a chunk has no length")
        size = int(line[1], 16)
        start = line.end()
        if size == 0:
            return bytes(out)
        if start + size > len(body):
            # The first number may as well be the beginning of a text.
            if position == 0:
                return body
            raise BadMessage("truncated", "a chunk is longer than the body")
        out += body[start : start + size]
        position = start + size
        if body[position : position + 2] == b"\r\n":
            position += 2
        elif body[position : position + 1] == b"\n":
            position += 1
        elif position < len(body):
            if len(out) == size:
                return body
            raise BadMessage("malformed", "a chunk is not followed by a line end")


def _expanded(body: bytes, header: str, max_body: int) -> bytes:
    encodings = [each.strip().lower() for each in header.split(",") if each.strip().lower() not in ("", "identity")]
    for encoding in reversed(encodings):
        is_gzip = body[:2] == b"\x1f\x8b"
        if encoding in ("gzip", "x-gzip") and not is_gzip:
            continue  # stored without it
        if encoding not in ("gzip", "x-gzip", "deflate"):
            if _looks_like_text(body):
                continue
            raise BadMessage("unsupported", f"content encoding {encoding[:40]}")
        try:
            body = expand(body, max_body)
        except FetchFailed as error:
            if encoding == "deflate" and _looks_like_text(body):
                continue
            reason = "too_large" if error.reason == "too_large" else "malformed"
            raise BadMessage(reason, error.detail) from None
    if len(body) > max_body:
        raise BadMessage("too_large", f"{len(body)} bytes, at most {max_body} are read")
    return body


def _looks_like_text(body: bytes) -> bool:
    start = body[:512].lstrip()
    return start[:1] in (b"<", b"{", b"[") or (bool(start) and all(byte >= 32 or byte in b"\t\r\n\f" for byte in start))
