"""One HTTP request at a time, with nothing left to chance: checked address, one deadline, two size limits.

The whole request, from the name to the last byte, has one deadline; the body is capped as it comes and again as it
unfolds. No cookies, no credentials, no proxies, TLS always verified, redirects are given back and never followed here.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
import zlib
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from firstwords.data.crawl.address import AddressRefused, AddressRules, resolve_host
from firstwords.data.crawl.url import PORTS

FailureReason = Literal["refused", "unreachable", "timeout", "too_large", "malformed"]
BLOCK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class FetchFailed(Exception):
    """A request that gave no response. `reason` is one of a closed set, `detail` is for a person."""

    def __init__(self, reason: FailureReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Response:
    """What a server said.

    Attributes:
        body: Transfer and content encoding undone; empty where the media type was not asked for.
        skipped: True if the body was not read because of its media type.
    """

    url: str
    status: int
    phrase: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    address: str = ""
    skipped: bool = False

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def all_headers(self, name: str) -> list[str]:
        """All headers of that name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def media_type(self) -> str:
        """Lower case, without parameters; empty if not given."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Fetcher:
    """Fetches one address.

    Args:
        agent: The User-Agent header.
        rules: Which addresses may be contacted.
        max_bytes: Cap of the body as it comes over the wire.
        max_expanded: Cap of the body after decompression.
        deadline: Seconds for one request, all in all.
    """

    agent: str
    rules: AddressRules = field(default_factory=AddressRules)
    max_bytes: int = 10 * 2**20
    max_expanded: int = 20 * 2**20
    deadline: float = 30.0

    def fetch(self, url: str, media_types: frozenset[str] | None = None) -> Response:
        """Request a canonical address.

        Args:
            url: As `canonical_url` gives it.
            media_types: Bodies of other types are not read; None reads all. Bodies of redirects and errors are never
                kept.

        Raises:
            FetchFailed: If there is no complete response within the limits.
        """
        end = time.monotonic() + self.deadline
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            connection, address = self._connect(host, port, parts.scheme == "https", end)
        except AddressRefused as error:
            raise FetchFailed("refused", str(error)) from None
        except (OSError, UnicodeError) as error:
            raise _failure(error, end) from None
        try:
            with connection:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                request = (
                    f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: {self.agent}\r\n"
                    "Accept: text/html, application/xhtml+xml, text/plain;q=0.9, */*;q=0.1\r\n"
                    "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"
                )
                connection.settimeout(_left(end))
                connection.sendall(request.encode("ascii"))
                return self._receive(url, connection, address, end, media_types)
        except FetchFailed:
            raise
        except (http.client.HTTPException, ValueError) as error:
            raise FetchFailed("malformed", f"{type(error).__name__}: {error}"[:200]) from None
        except OSError as error:
            raise _failure(error, end) from None

    def _connect(self, host: str, port: int, secure: bool, end: float) -> tuple[socket.socket, str]:
        """A connection to the first checked address that answers."""
        last: OSError = OSError(f"{host} has no address")
        for address in _resolved(host, port, self.rules, end):
            try:
                raw = socket.create_connection((address, port), timeout=_left(end))
            except OSError as error:
                last = error
                continue
            if not secure:
                return raw, address
            try:
                return _tls().wrap_socket(raw, server_hostname=host), address
            except BaseException:
                raw.close()
                raise
        raise last

    def _receive(
        self, url: str, connection: socket.socket, address: str, end: float, media_types: frozenset[str] | None
    ) -> Response:
        reply = http.client.HTTPResponse(_Timed(connection, end), method="GET")  # type: ignore[arg-type]
        try:
            reply.begin()
            headers = tuple(reply.headers.items())
            response = Response(url, reply.status, reply.reason or "", headers, b"", address)
            if reply.status != http.client.OK:
                return response
            if media_types is not None and response.media_type not in media_types:
                return Response(url, reply.status, response.phrase, headers, b"", address, skipped=True)
            body = self._read_body(reply, reply.headers)
            return Response(url, reply.status, response.phrase, headers, body, address)
        finally:
            reply.close()

    def _read_body(self, reply: http.client.HTTPResponse, headers: Message) -> bytes:
        announced = headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > self.max_bytes:
            raise FetchFailed("too_large", f"{announced} bytes announced, at most {self.max_bytes} are read")
        received = bytearray()
        while block := reply.read(BLOCK):
            received += block
            if len(received) > self.max_bytes:
                raise FetchFailed("too_large", f"more than {self.max_bytes} bytes")
        # http.client is silent about a connection that closes before the announced length.
        if reply.length:
            raise FetchFailed("malformed", f"the body ends {reply.length} bytes early")
        encodings = [each.strip().lower() for each in headers.get("Content-Encoding", "").split(",")]
        for encoding in reversed([each for each in encodings if each not in ("", "identity")]):
            if encoding not in ("gzip", "x-gzip", "deflate"):
                raise FetchFailed("malformed", f"content encoding {encoding[:40]}, which was not asked for")
            received = bytearray(expand(bytes(received), self.max_expanded))
        return bytes(received)


def expand(data: bytes, limit: int) -> bytes:
    """Undo gzip (all members) or deflate (with or without its wrapper), never making more than `limit` bytes.

    Raises:
        FetchFailed: `too_large` above the limit, `malformed` where the data is damaged or ends early.
    """
    if not data:
        return b""
    is_gzip = data[:2] == b"\x1f\x8b"
    # 0x78: the zlib wrapper that the standard asks for; many servers send the bare stream instead.
    window = 31 if is_gzip else 15 if data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0 else -15
    out = bytearray()
    try:
        while data:
            engine = zlib.decompressobj(window)
            out += engine.decompress(data, limit + 1 - len(out))
            if len(out) > limit:
                raise FetchFailed("too_large", f"unfolds to more than {limit} bytes")
            if not engine.eof:
                raise FetchFailed("malformed", "compressed body ends early")
            data = engine.unused_data if is_gzip else b""
            # Zeros or rubbish after the last member are common and harmless.
            if data[:2] != b"\x1f\x8b":
                break
    except zlib.error as error:
        raise FetchFailed("malformed", f"compressed body: {error}") from None
    return bytes(out)


class _Timed:
    """What `HTTPResponse` needs of a socket, every read of which is bounded by one deadline."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection = connection
        self._end = end

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._connection, self._end), BLOCK)


class _TimedReader(io.RawIOBase):
    def __init__(self, connection: socket.socket, end: float) -> None:
        super().__init__()
        self._connection = connection
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        # A server that sends a byte a second would pass any timeout of a single read.
        self._connection.settimeout(_left(self._end))
        return self._connection.recv_into(buffer)


def _resolved(host: str, port: int, rules: AddressRules, end: float) -> list[str]:
    """`resolve_host` within the deadline: the system's resolver has none, so it is left behind in its thread."""
    found: list[list[str]] = []
    errors: list[Exception] = []

    def resolve() -> None:
        try:
            found.append(resolve_host(host, port, rules))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=resolve, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(_left(end))
    if errors:
        raise errors[0]
    if not found:
        raise TimeoutError("the name was not resolved")
    return found[0]


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline")
    return left


def _failure(error: Exception, end: float) -> FetchFailed:
    if isinstance(error, TimeoutError) or time.monotonic() >= end:
        return FetchFailed("timeout", "no complete response before the deadline")
    return FetchFailed("unreachable", f"{type(error).__name__}: {error}"[:200])


@cache
def _tls() -> ssl.SSLContext:
    """Certificates verified, names checked; made once because loading the authorities takes 20 ms."""
    return ssl.create_default_context()
