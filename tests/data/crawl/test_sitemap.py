import gzip
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data.crawl.sitemap import MAX_ADDRESSES, read_sitemap

DATA = os.environ.get("FIRSTWORDS_DATA")
URL = "https://a.org/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def test_pages_and_when_they_changed() -> None:
    body = f"""<?xml version="1.0"?><urlset {SPACE} xmlns:image="http://x">
      <url><loc> https://A.org/b?x=1&amp;y </loc><lastmod>2024-01-02</lastmod>
        <image:image><image:loc>https://a.org/i.jpg</image:loc></image:image></url>
      <url><loc><![CDATA[/relative]]></loc></url><url><loc>https://a.org/b?x=1&amp;y</loc></url><url><loc>mailto:x</loc></url>
    </urlset>"""
    found = read_sitemap(body.encode(), URL)
    assert found.pages == [("https://a.org/b?x=1&y", "2024-01-02"), ("https://a.org/relative", "")]
    assert found.sitemaps == [] and found.problem == ""
    assert read_sitemap(gzip.compress(body.encode()), URL) == found


def test_indexes_feeds_and_lists() -> None:
    index = f"<sitemapindex {SPACE}><sitemap><loc>https://a.org/1.xml</loc></sitemap></sitemapindex>"
    assert read_sitemap(index.encode(), URL).sitemaps == ["https://a.org/1.xml"]
    rss = "<rss><channel><link>https://a.org/</link><item><title>t</title><link>https://a.org/r</link></item></channel></rss>"
    assert read_sitemap(rss.encode(), URL).pages == [("https://a.org/r", "")]
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://a.org/"/><entry><link rel="edit" href="/e"/>'
        '<link href="https://a.org/t"/><updated>2024-01-01T00:00:00Z</updated></entry></feed>'
    )
    assert read_sitemap(atom.encode(), URL).pages == [("https://a.org/t", "2024-01-01T00:00:00Z")]
    assert read_sitemap(b"\xef\xbb\xbfhttps://a.org/x\r\nno address\n", URL).pages == [("https://a.org/x", "")]


def test_damage_and_hostile_files_keep_what_was_read() -> None:
    cut = read_sitemap(f"<urlset {SPACE}><url><loc>https://a.org/x</loc></url><url><lo".encode(), URL)
    assert cut.pages == [("https://a.org/x", "")] and "line 1" in cut.problem
    bomb = b'<!DOCTYPE u [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]><urlset><url><loc>https://a.org/&b;</loc></url></urlset>'
    assert read_sitemap(bomb, URL).pages == [] and "document type" in read_sitemap(bomb, URL).problem
    assert "unfolds to more" in read_sitemap(gzip.compress(bytes(10**6)), URL, max_bytes=1000).problem
    assert "elements deeper" in read_sitemap(b"<a>" * 100, URL).problem
    many = "<urlset>" + "".join(f"<url><loc>https://a.org/{i}</loc></url>" for i in range(MAX_ADDRESSES + 5))
    found = read_sitemap(many.encode(), URL)
    assert len(found.pages) == MAX_ADDRESSES and "more than" in found.problem
    assert read_sitemap(b"<html><body><a href='/x'>", URL).pages == [] and read_sitemap(b"", URL).pages == []


@given(st.binary(max_size=300))
def test_any_bytes_end(data) -> None:
    read_sitemap(data, URL)
    read_sitemap(b"<urlset><url><loc>https://a.org/x</loc></url>" + data, URL)


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
def test_real_sitemaps(tmp_path) -> None:
    path = Path(str(DATA)) / "web-trafilatura" / "pages.tar.xz"
    if not path.exists():
        pytest.skip("not in FIRSTWORDS_DATA")
    found = {}
    with tarfile.open(path, "r:xz") as pack:
        for member in pack:
            name = member.name.rpartition("/")[2]
            if "resources/" in member.name and (name.startswith("sitemap") or name.startswith("feed")):
                found[name] = read_sitemap(pack.extractfile(member).read(), URL)
    assert {name: (len(each.pages), len(each.sitemaps), each.problem) for name, each in found.items()} == {
        "feed.json": (0, 0, ""), "feed1.atom": (1, 0, ""), "feed2.rss": (1, 0, ""), "sitemap.xml": (84, 0, ""),
        "sitemap.xml.gz": (84, 0, ""), "sitemap-hreflang.xml": (3, 1, ""), "sitemap2.xml": (0, 2, ""),
    }  # fmt: skip
    assert found["sitemap.xml"].pages == found["sitemap.xml.gz"].pages
