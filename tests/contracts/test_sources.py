"""What every source promises: checked on each file of the catalogue, for live ones on their settings."""

import gzip
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firstwords.data.document import REASONS, Rejection, document_id
from firstwords.data.source import LiveSource, LocalSource, Record
from firstwords.find import catalogue, find
from firstwords.recipe import build, configuration, resolve, without_versions

LIVE_SETTINGS = {
    "website": {"start": ["https://example.org/"]},
    "remote": {"source": {"kind": "jsonl", "path": "memory://bucket/*.jsonl"}},
}
DUMP = """<mediawiki xml:lang="en"><siteinfo><base>https://en.wikipedia.org/wiki/Main_Page</base></siteinfo>
<page><title>A</title><ns>0</ns><id>1</id><revision><id>2</id><text>words</text></revision></page><page></mediawiki>"""
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>words</p>"
HEAD = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.org/%d\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
def folder(tmp_path):
    """Files that any local source finds something in, one of them damaged in each form."""
    records = [HEAD % (i, len(PAGE)) + PAGE + b"\r\n\r\n" for i in range(3)]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(map(gzip.compress, records))[:-30])
    (tmp_path / "b.jsonl").write_text("".join(json.dumps({"text": f"row {i}"}) + "\n" for i in range(3)) + "{broken")
    (tmp_path / "c.txt").write_text("a text")
    (tmp_path / "e.csv").write_text('text,n\na,1\n"open,2\nb,3\n')
    table = pa.table({"text": ["a", None, "b"]})
    pq.write_table(table, tmp_path / "f.parquet")
    (tmp_path / "g.html").write_text("<p>a page")
    (tmp_path / "h.md").write_text("# a page")
    (tmp_path / "i.xml").write_text(DUMP)
    for name in ("j.pdf", "k.epub", "l.nxml"):
        (tmp_path / name).write_bytes(b"a file whose name says what it is")
    (tmp_path / "m.json").write_text('{"1": {"text": "a"}, "2": 3}')
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.writestr("a.txt", "a member")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.txt").write_bytes(b"another \xff text")
    return tmp_path


def sources(live: bool) -> list[str]:
    base = LiveSource if live else LocalSource
    return [kind for kind in catalogue("data.sources") if issubclass(find("data.sources", kind), base)]


def settings(kind: str, folder) -> dict:
    return {"dataset" if kind == "huggingface" else "path": str(folder)}


def test_every_source_is_live_or_local() -> None:
    assert sorted(sources(True) + sources(False)) == sorted(catalogue("data.sources"))
    assert {"website", "python_documentation"} <= set(sources(True)) and {"warc", "jsonl", "text_files"} <= set(
        sources(False)
    )


@pytest.mark.parametrize("kind", sources(live=False))
def test_a_local_source_reads_the_same_twice(kind, folder) -> None:
    source = build(find("data.sources", kind), settings(kind, folder))

    def everything():
        return [
            (shard.key, list(source.read(resolve(name), name))) for shard in source.shards() for name in shard.files
        ]

    first = everything()
    assert first == everything() and source.fingerprint() == source.fingerprint()
    found = [each for _, each in first for each in each]
    assert any(isinstance(each, Record) for each in found)
    for each in found:
        assert isinstance(each, Record) or (isinstance(each, Rejection) and each.reason in REASONS)
    ids = [document_id(each.origin) if isinstance(each, Record) else each.id for each in found]
    assert len(set(ids)) == len(ids), "ids are unique"


@pytest.mark.parametrize("kind", sources(live=False))
def test_where_the_data_lies_does_not_change_what_is_read(kind, folder, monkeypatch, tmp_path_factory) -> None:
    import shutil

    elsewhere = tmp_path_factory.mktemp("elsewhere") / "data"
    shutil.copytree(folder, elsewhere)
    found = []
    for place in (folder, elsewhere):
        monkeypatch.setenv("FIRSTWORDS_DATA", str(place))
        source = build(find("data.sources", kind), settings(kind, "$FIRSTWORDS_DATA/"))
        names = [(shard.key, shard.files) for shard in source.shards()]
        records = [list(source.read(resolve(name), name)) for _, files in names for name in files]
        found.append((names, records, source.fingerprint(), configuration(source)))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", sources(live=True))
def test_a_live_source_is_its_configuration(kind) -> None:
    component = find("data.sources", kind)
    made = [build(component, LIVE_SETTINGS.get(kind, {})) for _ in range(2)]
    assert made[0].fingerprint() == made[1].fingerprint()
    other = build(component, LIVE_SETTINGS.get(kind, {}) | {"snapshot": "another"})
    assert other.fingerprint() != made[0].fingerprint()
    again = {key: value for key, value in without_versions(configuration(made[0])).items() if key != "kind"}
    assert build(component, json.loads(json.dumps(again))) == made[0]
