import gzip
import json
import runpy
from pathlib import Path

import pytest

from firstwords.data.source import Record
from firstwords.data.sources import website
from firstwords.data.sources.warc import read_pages
from firstwords.data.sources.website import Website
from firstwords.errors import Interrupted, RecipeError
from firstwords.recipe import build

HERE = Path(__file__).parent
SERVER = runpy.run_path(str(HERE.parent / "crawl" / "local_server.py"))
serving, page = SERVER["serving"], SERVER["page"]
work_in = runpy.run_path(str(HERE / "collecting.py"))["work_in"]


def site(server, **fields) -> Website:
    private = (f"127.0.0.1:{server.port}",)
    return Website(**{"start": (server.origin,), "private": private, "wait": 0.0, "deadline": 5.0} | fields)


def stored(folder) -> list[Record]:
    return [
        record
        for path in sorted(Path(folder).rglob("*.warc.gz"))
        for record in read_pages(path, path.name, max_record=2**20)
        if isinstance(record, Record)
    ]


def test_a_site_becomes_warc_with_what_the_pages_wish(tmp_path) -> None:
    wishes = (
        200,
        {"X-Robots-Tag": "noindex", "Content-Usage": "ai=n"},
        b'<meta name=robots content=noai><link rel=license href="https://creativecommons.org/licenses/by/4.0/"><p>text',
    )
    hidden = (200, {}, b'<meta name=robots content=nofollow><a href="/never">x</a>')
    with serving(
        {"/": page("/w", "/h", "/gone", "http://elsewhere.example/", "/a.pdf"), "/w": wishes, "/h": hidden}
    ) as server:
        (receipt,) = site(server, opt_outs=()).collect(work_in(tmp_path), "0-website")
        assert server.paths() == ["/robots.txt", "/", "/w", "/h", "/gone"]
        assert "firstwords/" in server.requests[0][2]
    assert (receipt["fetched"], receipt["failed"], receipt["last"]) == (3, {"status": 1}, True)
    records = {record.url.removeprefix(server.origin): record for record in stored(tmp_path)}
    assert list(records) == ["/", "/w", "/h"]
    wished = records["/w"]
    assert wished.licence == "https://creativecommons.org/licenses/by/4.0/"
    assert wished.metadata["robots"] == "noindex, noai"
    assert wished.metadata["content_usage"] == "ai=n" and wished.metadata["depth"] == "1"
    (line,) = (tmp_path / "0-website" / "00000.failed.jsonl").read_text().splitlines()
    assert json.loads(line) == {"url": server.origin + "/gone", "reason": "status", "detail": "404"}


def test_books_and_articles_are_fetched_where_they_are_wanted(tmp_path) -> None:
    file = (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7 <a href='/never'>")
    pages = {"/": page("/a.pdf", "/b.EPUB", "/c.zip"), "/a.pdf": file}
    pages["/b.EPUB"] = (200, {"Content-Type": "application/epub+zip"}, b"PK\x03\x04")
    with serving(pages) as server:
        (receipt,) = site(server, documents=True).collect(work_in(tmp_path), "0-website")
        assert server.paths() == ["/robots.txt", "/.well-known/tdmrep.json", "/", "/a.pdf", "/b.EPUB"]
    assert (receipt["fetched"], receipt["failed"]) == (3, {})
    records = stored(tmp_path)
    assert [each.media_type for each in records] == ["text/html", "application/pdf", "application/epub+zip"]
    assert records[1].body == file[2]


def test_opt_outs_are_obeyed_and_counted(tmp_path) -> None:
    pages = {
        "/": page("/a", "/b", "/c", "/d", "/e"),
        "/a": (200, {"X-Robots-Tag": "noindex"}, b'<p>a <a href="/deeper">x</a>'),
        "/b": (200, {}, b"<meta name=robots content='index, noai'><p>b"),
        "/c": (200, {"TDM-Reservation": "1"}, b"<p>c"),
        "/d": (200, {"X-Robots-Tag": "googlebot: noindex", "Content-Usage": "train-ai=n"}, b"<p>d"),
        "/e": (200, {"TDM-Reservation": "0"}, b"<meta name=robots content=noimageai><p>e"),
        "/deeper": page(),
    }
    with serving(pages) as server:
        (receipt,) = site(server).collect(work_in(tmp_path), "0-website")
    kept = [record.url.removeprefix(server.origin) for record in stored(tmp_path)]
    assert kept == ["/", "/d", "/e", "/deeper"] and receipt["failed"] == {"opt_out": 3}
    lines = [json.loads(line) for line in (tmp_path / "0-website" / "00000.failed.jsonl").read_text().splitlines()]
    assert [line["detail"] for line in lines] == ["noindex", "noai", "tdm"]


def test_what_a_site_reserves_holds_for_pages_that_say_nothing(tmp_path) -> None:
    rules = [{"location": "/", "tdm-reservation": 1}, {"location": "/free", "tdm-reservation": 0}]
    pages = {
        "/free": page("/own", "/kept", "/free/more"),
        "/own": (200, {"TDM-Reservation": "0"}, b"<p>own"),
        "/kept": page(),
        "/free/more": page(),
        "/.well-known/tdmrep.json": (200, {"Content-Type": "application/json"}, json.dumps(rules).encode()),
    }
    with serving(pages) as server:
        (receipt,) = site(server, start=(server.origin + "/free",)).collect(work_in(tmp_path), "0-website")
        assert server.paths().count("/.well-known/tdmrep.json") == 1
    records = {record.url.removeprefix(server.origin): record for record in stored(tmp_path)}
    assert list(records) == ["/free", "/own", "/free/more"] and receipt["failed"] == {"opt_out": 1}
    assert records["/free"].metadata["tdm_reservation"] == "0"


def test_pages_of_sitemaps_announced_and_named(tmp_path) -> None:
    with serving({}) as server:
        urls = "".join(
            f"<url><loc>{server.origin}/{name}</loc><lastmod>{day}</lastmod></url>"
            for name, day in (("a", "2024-05-01"), ("old", "2019-01-01T00:00:00Z"), ("x.pdf", "2024-01-01"), ("b", ""))
        )
        space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        index = f"<sitemapindex {space}><sitemap><loc>{server.origin}/s2.xml.gz</loc></sitemap></sitemapindex>"
        server.pages |= {
            "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /b\nSitemap: /index.xml\nSitemap: /index.xml"),
            "/index.xml": (200, {"Content-Type": "application/xml"}, index.encode()),
            "/s2.xml.gz": (200, {"Content-Type": "application/gzip"}, gzip.compress(f"<urlset>{urls}".encode())),
            "/list.txt": (200, {"Content-Type": "text/plain"}, f"{server.origin}/c\nhttp://other.org/\n".encode()),
            "/": page(), "/a": page("/linked"), "/c": page(), "/linked": page(), "/old": page(),
        }  # fmt: skip
        source = site(server, sitemaps=(server.origin + "/list.txt",), modified_since="2020")
        (receipt,) = source.collect(work_in(tmp_path), "0-website")
        assert "/b" not in server.paths() and "/old" not in server.paths()
        (other,) = site(server, announced_sitemaps=False).collect(work_in(tmp_path / "2"), "0-website")
    records = {record.url.removeprefix(server.origin): record for record in stored(tmp_path / "0-website")}
    assert sorted(records) == ["/", "/a", "/c", "/linked"] and other["fetched"] == 1
    assert records["/a"].metadata["lastmod"] == "2024-05-01" and records["/linked"].metadata["depth"] == "1"
    # The unfinished XML is told, and robots.txt is obeyed.
    assert receipt["failed"] == {"robots": 1, "sitemap": 1}


def test_a_crawl_may_begin_with_a_sitemap_alone_and_goes_on_in_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(website, "SHARD_PAGES", 2)
    with serving({f"/{i}": page() for i in range(5)}) as server:
        server.pages["/map.txt"] = (200, {}, "".join(f"{server.origin}/{i}\n" for i in range(5)).encode())
        source = site(server, start=(), sitemaps=(server.origin + "/map.txt",))
        source.collect(work_in(tmp_path), "0-website")
        for receipt in sorted((tmp_path / "done").iterdir())[1:]:
            receipt.unlink()
        receipts = source.collect(work_in(tmp_path), "0-website")
        assert server.paths().count("/map.txt") == 1 and server.paths().count("/3") == 2
    assert [receipt["fetched"] for receipt in receipts] == [2, 2, 1]


def test_a_finished_crawl_is_not_crawled_again(tmp_path) -> None:
    with serving({"/": page()}) as server:
        first = site(server).collect(work_in(tmp_path), "0-website")
        asked = len(server.requests)
        assert site(server).collect(work_in(tmp_path), "0-website") == first
        assert len(server.requests) == asked


def test_an_interrupted_crawl_keeps_its_pages_and_goes_on(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(website, "SHARD_PAGES", 2)
    chain = {f"/{i}": page(f"/{i + 1}") for i in range(7)}
    with serving(chain) as server:
        source = site(server, start=(server.origin + "/0",))
        work = work_in(tmp_path)
        count = 0

        def stop_after_three(text, done=None, total=None) -> None:
            nonlocal count
            count += 1
            if count == 3:
                raise Interrupted("enough")

        monkeypatch.setattr(work, "progress", stop_after_three)
        with pytest.raises(Interrupted):
            source.collect(work, "0-website")
        assert [len(stored(tmp_path))] == [3]
        receipts = source.collect(work_in(tmp_path), "0-website")
    assert [receipt["fetched"] for receipt in receipts] == [2, 1, 2, 2, 0]
    assert [record.url.rpartition("/")[2] for record in stored(tmp_path)] == [str(i) for i in range(7)]
    assert [path for path in server.paths() if path != "/robots.txt"].count("/2") == 1


def test_a_kill_loses_at_most_the_unfinished_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(website, "SHARD_PAGES", 2)
    chain = {f"/{i}": page(f"/{i + 1}") for i in range(5)}
    with serving(chain) as server:
        source = site(server, start=(server.origin + "/0",))
        source.collect(work_in(tmp_path), "0-website")
        whole = [record.url for record in stored(tmp_path)]
        # What a kill during the third file leaves: no receipt of it, perhaps a temporary file.
        (tmp_path / "done" / "0-website_00002-").parent.mkdir(exist_ok=True)
        for receipt in sorted((tmp_path / "done").iterdir())[2:]:
            receipt.unlink()
        for file in sorted((tmp_path / "0-website").glob("00002*")):
            file.unlink()
        source.collect(work_in(tmp_path), "0-website")
        assert [record.url for record in stored(tmp_path)] == whole


def test_limits_and_scope(tmp_path) -> None:
    pages = {"/": page("/a/1", "/b/1", "/a/x/1"), "/a/1": page(), "/b/1": page(), "/a/x/1": page()}
    with serving(pages) as server:
        source = site(server, include=(server.origin + "/a",), exclude=(server.origin + "/a/x",))
        source.collect(work_in(tmp_path / "1"), "0-website")
        assert [record.url.removeprefix(server.origin) for record in stored(tmp_path / "1")] == ["/", "/a/1"]
        site(server, max_pages=2).collect(work_in(tmp_path / "2"), "0-website")
        assert len(stored(tmp_path / "2")) == 2


def test_private_addresses_must_be_named(tmp_path) -> None:
    with serving({"/": page()}) as server:
        (receipt,) = Website(start=(server.origin,)).collect(work_in(tmp_path), "0-website")
        assert server.requests == []
    assert (receipt["fetched"], receipt["failed"]) == (0, {"robots": 1})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"start": []}, "start"),
        ({"sitemaps": ["sitemap.xml"]}, "sitemaps: 'sitemap.xml' is not an http"),
        ({"start": ["https://example.org/"], "opt_outs": ["tdmrep"]}, "opt_outs: 'tdmrep' is none of noindex, noai"),
        ({"start": ["https://example.org/"], "modified_since": "June"}, "modified_since: 'June' is not a date"),
        ({"start": ["example.org"]}, "not an http"),
        ({"start": ["http://user:pw@example.org/"]}, "not an http"),
        ({"start": ["https://example.org/"], "wait": 0.5}, "below 1 s"),
        ({"start": ["http://127.0.0.1:8000/"], "wait": 0.5}, "below 1 s"),
        ({"start": ["http://127.0.0.1:8000/"], "private": ["localhost"]}, "private"),
        ({"start": ["https://example.org/"], "max_pages": 0}, "max_pages"),
        ({"start": ["https://example.org/"], "max_page": 5}, "max_pages"),
    ],
)
def test_wrong_settings_are_refused(fields, message) -> None:
    with pytest.raises(RecipeError, match=message):
        build(Website, fields)


def test_a_new_snapshot_is_a_new_collection() -> None:
    start = ("https://example.org/",)
    assert Website(start=start).fingerprint() != Website(start=start, snapshot="2").fingerprint()
    assert Website(start=start).fingerprint() == Website(start=start, parallel_hosts=2).fingerprint()
