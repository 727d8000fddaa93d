import gzip
import json
import lzma
import os
import tarfile
from pathlib import Path

import pytest

from firstwords.data.document import Rejection
from firstwords.data.source import Record
from firstwords.data.sources.html_files import HtmlFiles
from firstwords.errors import RecipeError
from firstwords.recipe import build, resolve

DATA = os.environ.get("FIRSTWORDS_DATA")


def everything(source: HtmlFiles) -> list:
    return [each for s in source.shards() for name in s.files for each in source.read(resolve(name), name)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "a.html").write_text('<link rel="canonical" href="https://own.org/a"><p>a')
    (tmp_path / "site" / "sub" / "b c.HTM").write_text("<p>b")
    (tmp_path / "site" / "d.xhtml.gz").write_bytes(gzip.compress(b"<p>d"))
    (tmp_path / "site" / "e.txt").write_text("no page")
    return tmp_path / "site"


def test_pages_with_the_address_that_is_known(folder) -> None:
    (folder.parent / "list.tsv").write_text("d\thttps://listed.org/d\n")
    source = HtmlFiles(
        path=str(folder), prefix="https://x.org/", addresses=str(folder.parent / "list.tsv"), licence="CC0"
    )
    a, d, b = everything(source)
    assert [each.url for each in (a, d, b)] == [
        "https://own.org/a",
        "https://listed.org/d",
        "https://x.org/sub/b%20c.HTM",
    ]
    assert (a.media_type, d.media_type, d.body, b.licence) == ("text/html", "application/xhtml+xml", b"<p>d", "CC0")
    without = everything(HtmlFiles(path=f"{folder}/?.*html*", own_address=False))
    assert [each.url for each in without] == [None, None]
    single = HtmlFiles(path=f"{folder}/sub/b c.HTM", prefix="https://x.org/p")
    assert everything(single)[0].url == "https://x.org/p/b%20c.HTM"


def test_a_changed_list_is_another_collection(folder) -> None:
    (folder.parent / "list.tsv").write_text("d\thttps://listed.org/d\n")
    source = HtmlFiles(path=str(folder), addresses=str(folder.parent / "list.tsv"))
    first = source.fingerprint()
    (folder.parent / "list.tsv").write_text("d\thttps://listed.org/another\n")
    assert source.fingerprint() != first


def test_damaged_and_large_pages_are_told(folder) -> None:
    (folder / "f.html.gz").write_bytes(gzip.compress(os.urandom(3000))[:-900])
    (folder / "g.html.gz").write_bytes(gzip.compress(bytes(10**7)))
    found = [each for each in everything(HtmlFiles(path=str(folder), max_file=10**6)) if isinstance(each, Rejection)]
    assert [each.reason for each in found] == ["truncated", "too_large"]


def test_wrong_settings_are_refused(folder) -> None:
    for fields, message in (
        ({"prefix": "example.org"}, "prefix: 'example.org' is not an http"),
        ({"addresses": str(folder / "lst.json")}, "addresses: no such file"),
        ({"pth": "x"}, "Did you mean 'path'"),
    ):
        with pytest.raises(RecipeError, match=message):
            build(HtmlFiles, {"path": str(folder)} | fields)


@pytest.mark.skipif(not DATA, reason="FIRSTWORDS_DATA is not set")
def test_real_pages_and_their_list(tmp_path) -> None:
    folder = Path(str(DATA)) / "web-article-extraction-benchmark"
    if not folder.exists():
        pytest.skip("not in FIRSTWORDS_DATA")
    with tarfile.open(folder / "html.tar.xz", "r:xz") as pack:
        pack.extractall(tmp_path, members=pack.getmembers()[:40], filter="data")
    source = HtmlFiles(path=str(tmp_path / "html"), addresses=str(folder / "ground-truth.json.xz"))
    found = everything(source)
    known = json.loads(lzma.decompress((folder / "ground-truth.json.xz").read_bytes()))
    assert len(found) >= 38 and all(isinstance(each, Record) and each.url for each in found)
    for each in found[:5]:
        assert Path(each.origin).name.partition(".")[0] in known
