import gzip
import re

import pytest

from firstwords.data.crawl.archive import Archive, Page, gzip_member
from firstwords.data.sources.warc import read_pages
from firstwords.data.warc import RawRecord, read_archive

PAGE = Page(
    url="http://example.org/ä",
    date="2024-01-02T03:04:05Z",
    status_line="HTTP/1.1 200 OK",
    headers=(
        ("Content-Type", "text/html"),
        ("Content-Encoding", "gzip"),
        ("Set-Cookie", "id=secret"),
        ("X-A", "b\r\nEvil: c"),
    ),
    body=b"<p>hello</p>",
    metadata=(("licence", "CC0"), ("robots", "noai")),
)


def write(path, *pages: Page) -> bytes:
    with Archive(path, "test", "2024-01-01T00:00:00Z") as archive:
        for page in pages:
            archive.write(page)
    return path.read_bytes()


def test_pages_come_back_with_what_the_crawler_knows(tmp_path) -> None:
    write(tmp_path / "a.warc.gz", PAGE)
    records = list(read_archive(tmp_path / "a.warc.gz"))
    assert all(isinstance(record, RawRecord) for record in records)
    assert [record.fields["warc-type"] for record in records] == ["warcinfo", "response", "metadata"]
    assert records[2].fields["warc-concurrent-to"] == records[1].fields["warc-record-id"]
    (page,) = read_pages(tmp_path / "a.warc.gz", "a", max_record=1000)
    assert (page.body, page.url, page.date) == (PAGE.body, PAGE.url, PAGE.date)
    assert (page.licence, page.metadata) == ("CC0", {"robots": "noai"})


def test_headers_fit_the_body_and_hold_no_secrets(tmp_path) -> None:
    text = gzip.decompress(write(tmp_path / "a.warc.gz", PAGE))
    assert b"X-Crawler-Content-Encoding: gzip" in text and b"\nContent-Length: 12\r\n\r\n<p>" in text
    assert b"secret" not in text and b"\nEvil:" not in text


def test_every_record_is_a_member_and_equal_pages_give_equal_bytes(tmp_path) -> None:
    data = write(tmp_path / "a.warc.gz", PAGE, PAGE)
    assert data == write(tmp_path / "b.warc.gz", PAGE, PAGE)
    starts = [match.start() for match in re.finditer(b"\x1f\x8b\x08\0\0\0\0\0\0\xff", data)]
    assert len(starts) == 5
    assert gzip.decompress(data[starts[1] : starts[2]]).startswith(b"WARC/1.1\r\nWARC-Type: response")


def test_other_libraries_read_it(tmp_path) -> None:
    fastwarc = pytest.importorskip("fastwarc.warc")
    write(tmp_path / "a.warc.gz", PAGE)
    with (tmp_path / "a.warc.gz").open("rb") as file:
        found = list(fastwarc.ArchiveIterator(file, parse_http=True))
        assert len(found) == 3


def test_an_interrupted_file_does_not_appear(tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt), Archive(tmp_path / "a.warc.gz", "test", PAGE.date) as archive:
        archive.write(PAGE)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_member_is_gzip() -> None:
    assert gzip.decompress(gzip_member(b"x" * 100)) == b"x" * 100
