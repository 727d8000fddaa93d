import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.warc import Warc, content_type, read_pages, signals_of_headers
from firstwords.errors import RecipeError
from firstwords.recipe import build

DATA = os.environ.get("FIRSTWORDS_DATA")


def warc(kind: str, block: bytes, url: str | None = "http://a.org/x", **fields: str) -> bytes:
    head = {"WARC-Type": kind, "WARC-Date": "2024-01-01T00:00:00Z", "Content-Length": str(len(block))}
    if url:
        head["WARC-Target-URI"] = url
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    return b"WARC/1.0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()).encode() + b"\r\n" + block + b"\r\n\r\n"


def page(body: bytes = b"<p>x</p>", status: int = 200, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Type: Text/HTML; charset=UTF-8\r\n{headers}\r\n".encode() + body


def read(tmp_path, *records: bytes, **named):
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(records))
    return list(read_pages(path, "a.warc", **{"max_record": 1000} | named))


def test_responses_resources_and_converted_text_are_pages(tmp_path) -> None:
    found = read(
        tmp_path,
        warc("warcinfo", b"software: x", None),
        warc("request", b"GET / HTTP/1.1\r\n\r\n"),
        warc("response", page(headers="X-Robots-Tag: noai\r\n")),
        warc("resource", b"<p>y</p>", "http://a.org/y", Content_Type="text/html"),
        warc("conversion", b"plain", "http://a.org/z", Content_Type="text/plain"),
        warc("revisit", page()),
        warc("response", b"20240101 1 2 3", "dns:a.org", Content_Type="text/dns"),
    )
    assert all(isinstance(each, Record) for each in found)
    assert [(each.url, each.media_type, each.body) for each in found] == [
        ("http://a.org/x", "text/html", b"<p>x</p>"),
        ("http://a.org/y", "text/html", b"<p>y</p>"),
        ("http://a.org/z", "text/plain", b"plain"),
    ]
    assert (found[0].charset, found[0].date, found[0].metadata) == ("utf-8", "2024-01-01T00:00:00Z", {"robots": "noai"})
    assert len({each.origin for each in found}) == 3


def test_everything_that_is_no_page_is_told(tmp_path) -> None:
    found = read(
        tmp_path,
        warc("response", page(status=404)),
        warc("response", page(b"x" * 2000)),
        warc("response", b"no http", Content_Type="application/http"),
        warc("response", page(), None),
        warc("response", page(), WARC_Truncated="length"),
        warc("response", page(headers="Content-Encoding: gzip\r\n", body=gzip.compress(b"x" * 99)[:-9])),
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99\r\n\r\nshort",
    )
    assert all(isinstance(each, Rejection) for each in found)
    assert [each.reason for each in found] == [
        "unsupported", "too_large", "malformed", "malformed", "truncated", "malformed", "truncated",
    ]  # fmt: skip


def test_truncated_pages_can_be_kept_and_licences_said(tmp_path) -> None:
    (found,) = read(
        tmp_path, warc("response", page(), WARC_Truncated="length"), keep_truncated=True, licence="CC-BY-4.0"
    )
    assert isinstance(found, Record) and found.licence == "CC-BY-4.0"


def test_metadata_records_belong_to_their_page(tmp_path) -> None:
    found = read(
        tmp_path,
        warc("response", page(), WARC_Record_ID="<urn:1>"),
        warc("metadata", b"licence: CC0\r\ndepth: 3\r\nnonsense", WARC_Concurrent_To="<urn:1>"),
        warc("response", page(), "http://a.org/2", WARC_Record_ID="<urn:2>"),
        warc("metadata", b"licence: never", WARC_Concurrent_To="<urn:9>"),
    )
    assert [(each.licence, each.metadata) for each in found] == [("CC0", {"depth": "3"}), (None, {})]


def test_headers() -> None:
    assert content_type("Text/HTML; boundary=x; Charset='UTF-8'") == ("text/html", "utf-8")
    assert content_type("") == ("", "")
    headers = (("x-robots-tag", "NoAI"), ("x-robots-tag", "noindex"), ("tdm-reservation", "1"), ("other", "x"))
    assert signals_of_headers(headers) == {"robots": "noai, noindex", "tdm_reservation": "1"}


def test_shards_are_found_and_wrong_paths_refused(tmp_path) -> None:
    for name in ("b.warc", "a/c.warc.gz", "note.txt", ".hidden.warc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(warc("response", page()))
    source = Warc(path=str(tmp_path))
    assert [Path(name).name for shard in source.shards() for name in shard.files] == ["c.warc.gz", "b.warc"]
    before = source.fingerprint()
    (tmp_path / "b.warc").write_bytes(b"other")
    assert source.fingerprint() != before
    with pytest.raises(RecipeError, match="no such file"):
        build(Warc, {"path": str(tmp_path / "absent")})


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
def test_real_archives_give_their_pages() -> None:
    folder = Path(str(DATA)) / "warc"
    if not folder.is_dir():
        pytest.skip("no archives in FIRSTWORDS_DATA")
    counts: Counter[str] = Counter()
    source = Warc(path=str(folder))
    for shard in source.shards():
        for name in shard.files:
            for each in source.read(Path(name), name):
                counts["page" if isinstance(each, Record) else each.reason] += 1
    assert counts["page"] >= 570 and counts["truncated"] >= 3
    assert counts["malformed"] <= 5
