import bz2
import os
from collections import Counter
from pathlib import Path

import pytest

from firstwords.data.document import Rejection
from firstwords.data.extractors.wikitext import Wikitext
from firstwords.data.mediawiki import Page
from firstwords.data.source import Record
from firstwords.data.sources.wikipedia import Wikipedia, address_of, licence_of

DATA = os.environ.get("FIRSTWORDS_DATA")
HEAD = '<mediawiki xml:lang="en"><siteinfo><base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>'
BASE = "https://en.wikipedia.org/wiki/Main_Page"


def page(title: str, namespace: int = 0, inside: str = "", model: str = "wikitext") -> str:
    revision = f"<id>5</id><timestamp>2024-02-03T04:05:06Z</timestamp><model>{model}</model><text>of {title}</text>"
    return f"<page><title>{title}</title><ns>{namespace}</ns><id>9</id>{inside}<revision>{revision}</revision></page>"


def read(path, **fields):
    return list(Wikipedia(**{"path": str(path)} | fields).read(Path(path), "dump"))


def test_articles_become_records(tmp_path) -> None:
    path = tmp_path / "a.xml"
    pages = [page("A b/c?"), page("Talk:A", 1), page("R", inside='<redirect title="A" />'), page("J", model="json")]
    path.write_text(HEAD + "".join(pages) + "</mediawiki>")
    article, redirect, other = read(path)
    assert isinstance(article, Record)
    assert article.url == "https://en.wikipedia.org/wiki/A_b/c%3F" and article.body == b"of A b/c?"
    assert (article.media_type, article.date, article.language) == ("text/x-wiki", "2024-02-03T04:05:06Z", "en")
    assert article.licence == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert (redirect.reason, redirect.detail, other.reason) == ("redirect", "to A", "unsupported")
    assert len(read(path, namespaces=(0, 1))) == 4 and read(path, licence="CC0")[0].licence == "CC0"
    assert read(path, max_page=3)[0].reason == "too_large"


def test_several_bzip2_streams_are_one_dump_and_a_cut_is_told(tmp_path) -> None:
    parts = [HEAD, *("".join(page(f"P{i}-{j}") for j in range(100)) for i in range(6)), "</mediawiki>"]
    data = b"".join(bz2.compress(part.encode()) for part in parts)
    (tmp_path / "a.xml.bz2").write_bytes(data)
    assert len(read(tmp_path / "a.xml.bz2")) == 600
    (tmp_path / "b.xml.bz2").write_bytes(data[: len(data) * 2 // 3])
    found = read(tmp_path / "b.xml.bz2")
    assert isinstance(found[-1], Rejection) and found[-1].reason == "truncated" and 300 <= len(found) < 600


def test_addresses_and_licences() -> None:
    assert address_of(Page(title="É", base=BASE)) == "https://en.wikipedia.org/wiki/%C3%89"
    assert address_of(Page(title="A")) is None
    assert licence_of(Page(base=BASE, timestamp="2023-06-06")) == "https://creativecommons.org/licenses/by-sa/3.0/"
    assert licence_of(Page(base="https://wiki.example.org/wiki/Main")) is None


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
def test_a_real_dump_leaves_no_markup() -> None:
    folder = Path(str(DATA)) / "articles-wikipedia-dump"
    if not folder.exists():
        pytest.skip("not in FIRSTWORDS_DATA")
    (path,) = folder.iterdir()
    found = read(path)
    assert Counter(each.reason if isinstance(each, Rejection) else "read" for each in found) == {
        "read": 106, "redirect": 99,
    }  # fmt: skip
    texts = [Wikitext().extract(each) for each in found if isinstance(each, Record)]
    signs = ("[[", "]]", "{{", "}}", "'''", "<ref", "{|", "|}", "<!--", "&nbsp;")
    assert [(each.title, sign) for each in texts for sign in signs if sign in each.text] == []
    assert 2.8e6 < sum(len(each.text) for each in texts) < 3.1e6
