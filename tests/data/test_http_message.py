import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.http_message import BadMessage, parse_response

OK = b"HTTP/1.1 200 OK\r\n"


def body(block: bytes, limit: int = 10**6) -> bytes:
    return parse_response(block, limit).body


def reason(block: bytes, limit: int = 10**6) -> str:
    with pytest.raises(BadMessage) as caught:
        parse_response(block, limit)
    return caught.value.reason


def test_status_headers_and_body() -> None:
    message = parse_response(
        b"HTTP/1.0 404 Not Found\r\nA: b\r\nX:  long\r\n line\r\nA: c\r\nno colon\r\n\r\nbody", 100
    )
    assert (message.status, message.body) == (404, b"body")
    assert message.header("a") == "b" and message.header("x") == "long line" and message.header("none") is None


def test_bare_line_feeds_and_missing_bodies() -> None:
    assert body(b"HTTP/1.1 200 OK\nA: b\n\nbody") == b"body"
    assert body(b"HTTP/1.1 200 OK\r\nA: b") == b""
    assert parse_response(b"HTTP/2 200\r\n\r\nx", 10).status == 200


@pytest.mark.parametrize(
    "chunked",
    [
        b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        b"5 ; a=b\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n",
        b"5\nhello\n6\n world\n0\n\n",
        b"5\r\nhello\r\n6\r\n world\r\n",  # the last chunk is missing
        b"hello world",  # stored without the coding
        b"feed is a word\r\n"[:0] + b"hello world",
    ],
)
def test_chunks_are_joined(chunked) -> None:
    assert body(OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked) == b"hello world"


def test_broken_chunks_are_told() -> None:
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    assert reason(head + b"5\r\nhello\r\nzz\r\n") == "malformed"
    assert reason(head + b"5\r\nhello\r\nfff\r\nshort") == "truncated"
    assert body(head + b"beef\r\nis a word that looks like a length") == b"beef\r\nis a word that looks like a length"


def test_encodings_are_undone() -> None:
    text = b"<p>words " * 100
    for name, data in (
        ("gzip", gzip.compress(text)),
        ("x-gzip", gzip.compress(text)),
        ("deflate", zlib.compress(text)),
        ("deflate", zlib.compress(text, wbits=-15)),
        ("gzip, gzip", gzip.compress(gzip.compress(text))),
        ("identity", text),
        ("gzip", text),  # stored without it
        ("br", text),
        ("deflate", text),
    ):
        assert body(OK + f"Content-Encoding: {name}\r\n\r\n".encode() + data) == text


def test_damaged_bodies_are_told() -> None:
    head = OK + b"Content-Encoding: gzip\r\n\r\n"
    assert reason(head + gzip.compress(b"x" * 1000)[:-10]) == "malformed"
    assert reason(head + gzip.compress(bytes(10**7))) == "too_large"
    assert reason(OK + b"\r\n" + b"x" * 11, 10) == "too_large"
    assert reason(OK + b"Content-Encoding: br\r\n\r\n\x8b\x02\x80\x00\x01") == "unsupported"
    assert reason(b"<html>no status line</html>") == "malformed"
    assert reason(b"") == "malformed"


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n"])
)
def test_nothing_but_bad_message_is_raised(data, header) -> None:
    try:
        parse_response(OK + header + b"\r\n" + data, 1000)
        parse_response(data, 1000)
    except BadMessage as error:
        assert error.reason in ("malformed", "truncated", "too_large", "unsupported")
