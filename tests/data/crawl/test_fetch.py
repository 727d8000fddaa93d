import gzip
import runpy
import socket
import time
import zlib
from pathlib import Path

import pytest

from firstwords.data.crawl.address import AddressRules
from firstwords.data.crawl.fetch import Fetcher, FetchFailed, expand

serving = runpy.run_path(str(Path(__file__).parent / "local_server.py"))["serving"]


def fetcher(server, **limits) -> Fetcher:
    return Fetcher(agent="firstwords-test", rules=AddressRules((f"127.0.0.1:{server.port}",)), **limits)


def failure(server, path, **limits) -> str:
    with pytest.raises(FetchFailed) as caught:
        fetcher(server, **limits).fetch(server.origin + path)
    return caught.value.reason


def test_a_page_comes_with_its_headers() -> None:
    with serving({"/a?b=1": (200, {"X-One": "1"}, b"hello")}) as server:
        response = fetcher(server).fetch(server.origin + "/a?b=1")
    assert (response.status, response.body, response.media_type) == (200, b"hello", "text/html")
    assert response.header("x-one") == "1" and response.all_headers("X-None") == []
    head = server.requests[0][2]
    assert "User-Agent: firstwords-test" in head and f"Host: 127.0.0.1:{server.port}" in head
    assert "Cookie" not in head and "Authorization" not in head


def test_this_machine_is_refused_unless_it_is_named() -> None:
    with serving({"/": (200, {}, b"secret")}) as server:
        with pytest.raises(FetchFailed) as caught:
            Fetcher(agent="x").fetch(server.origin + "/")
        assert caught.value.reason == "refused"
        assert server.requests == []


def test_the_connection_goes_to_the_checked_address(monkeypatch) -> None:
    """A name that resolves to something else the second time is asked only once."""
    answers = iter(["127.0.0.1", "127.0.0.9"])
    with serving({"/": (200, {}, b"x")}) as server:
        real = socket.getaddrinfo
        asked = []

        def changing(host, port, *rest, **named):
            if host == "rebinding.example":
                asked.append(host)
                return [(2, 1, 6, "", (next(answers), port))]
            return real(host, port, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", changing)
        fetched = fetcher(server).fetch(f"http://rebinding.example:{server.port}/")
        assert fetched.address == "127.0.0.1" and asked == ["rebinding.example"]


def test_encodings_are_undone() -> None:
    text = b"words " * 1000
    pages = {
        "/gzip": (200, {"Content-Encoding": "gzip"}, gzip.compress(text)),
        "/two": (200, {"Content-Encoding": "gzip"}, gzip.compress(text) + gzip.compress(b"more")),
        "/zlib": (200, {"Content-Encoding": "deflate"}, zlib.compress(text)),
        "/raw": (200, {"Content-Encoding": "deflate"}, zlib.compress(text, wbits=-15)),
        "/chunked": (
            200,
            {"Transfer-Encoding": "chunked", "Content-Length": None},
            b"6\r\nwords \r\n3;x=y\r\nend\r\n0\r\n\r\n",
        ),
    }
    with serving(pages) as server:
        bodies = {path: fetcher(server).fetch(server.origin + path).body for path in pages}
    assert bodies["/gzip"] == bodies["/zlib"] == bodies["/raw"] == text
    assert bodies["/two"] == text + b"more"
    assert bodies["/chunked"] == b"words end"


def test_bombs_are_not_unfolded() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    nested = gzip.compress(gzip.compress(bytes(50_000_000)))
    with serving({
        "/bomb": (200, {"Content-Encoding": "gzip"}, bomb),
        "/nested": (200, {"Content-Encoding": "gzip, gzip"}, nested),
    }) as server:  # fmt: skip
        assert failure(server, "/bomb", max_expanded=1_000_000) == "too_large"
        assert failure(server, "/nested", max_expanded=1_000_000) == "too_large"


def test_bodies_are_capped_as_they_come() -> None:
    def endless(connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serving({"/long": (200, {}, b"x" * 5000), "/endless": endless}) as server:
        assert failure(server, "/long", max_bytes=4999) == "too_large"
        assert failure(server, "/endless", max_bytes=200_000, deadline=10) == "too_large"
        assert len(fetcher(server, max_bytes=5000).fetch(server.origin + "/long").body) == 5000


def test_one_deadline_for_everything() -> None:
    def drip(connection) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x")
            time.sleep(0.05)

    def drip_head(connection) -> None:
        for sign in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
            connection.sendall(bytes([sign]))
            time.sleep(0.05)

    def silent(connection) -> None:
        time.sleep(5)

    with serving({"/drip": drip, "/head": drip_head, "/silent": silent}) as server:
        for path in ("/drip", "/head", "/silent"):
            begun = time.monotonic()
            assert failure(server, path, deadline=0.4) == "timeout"
            assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08garbage",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nsomething",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
)
def test_broken_answers_fail_with_a_reason(answer) -> None:
    with serving({"/": lambda connection: connection.sendall(answer)}) as server:
        assert failure(server, "/", deadline=5) in ("malformed", "unreachable")


def test_redirects_and_errors_are_given_back_without_their_bodies() -> None:
    with serving({"/r": (302, {"Location": "http://10.0.0.1/"}, b"go"), "/e": (500, {}, b"oops")}) as server:
        response = fetcher(server).fetch(server.origin + "/r")
        assert (response.status, response.header("location"), response.body) == (302, "http://10.0.0.1/", b"")
        assert fetcher(server).fetch(server.origin + "/e").status == 500


def test_other_media_types_are_not_read() -> None:
    with serving({"/": (200, {"Content-Type": "image/png"}, b"x" * 100)}) as server:
        response = fetcher(server).fetch(server.origin + "/", frozenset({"text/html"}))
    assert response.skipped and response.body == b""


def test_nobody_there_is_unreachable() -> None:
    with serving({}) as server:
        pass
    assert failure(server, "/", deadline=2) in ("unreachable", "timeout")


def test_expand_is_exact_about_its_limit() -> None:
    data = gzip.compress(b"x" * 1000)
    assert len(expand(data, 1000)) == 1000
    with pytest.raises(FetchFailed, match="too_large"):
        expand(data, 999)
    with pytest.raises(FetchFailed, match="ends early"):
        expand(data[:-9], 1000)
    assert expand(b"", 10) == b"" and expand(data + b"\0\0", 1000) == b"x" * 1000
