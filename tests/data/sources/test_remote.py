import gzip
import json
import runpy
from pathlib import Path

import pytest

from firstwords.data.extractors.automatic import Automatic
from firstwords.data.source import Record
from firstwords.data.sources.jsonl import Jsonl
from firstwords.data.sources.remote import Remote
from firstwords.errors import RecipeError, TooManyRejects
from firstwords.recipe import build
from firstwords.stages.collect import Collect
from firstwords.stages.extract import CollectedShard, ExtractShard

fsspec = pytest.importorskip("fsspec")
HERE = Path(__file__).parent
work_in = runpy.run_path(str(HERE / "collecting.py"))["work_in"]
serving = runpy.run_path(str(HERE.parent / "crawl" / "local_server.py"))["serving"]


@pytest.fixture
def store():
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    for i in range(3):
        memory.pipe(f"/data/{i}.jsonl.gz", gzip.compress(f'{{"text": "row {i}"}}\n'.encode()))
    yield memory
    memory.store.clear()


def source(**fields) -> Remote:
    return Remote(source=Jsonl(**{"path": "memory://data"} | fields))


def test_files_are_stored_unchanged_and_read_under_their_addresses(store, tmp_path) -> None:
    receipts = source().collect(work_in(tmp_path), "0-remote")
    assert [(receipt["fetched"], receipt["failed"]) for receipt in receipts] == [(1, {})] * 3
    found = []
    for i, receipt in enumerate(receipts):
        ((file, address),) = receipt["names"].items()
        assert (tmp_path / file).read_bytes() == store.cat(f"/data/{i}.jsonl.gz")
        found += source().read(tmp_path / file, address)
    assert [each.body for each in found if isinstance(each, Record)] == [b"row 0", b"row 1", b"row 2"]
    assert all(each.origin.startswith("memory://") and each.origin.endswith(".jsonl.gz#1") for each in found)


def test_nothing_is_fetched_twice_and_the_first_list_counts(store, tmp_path, monkeypatch) -> None:
    from firstwords.data import remote_files

    asked: list[str] = []
    real = remote_files.fetch

    def fetch(address, *rest):
        asked.append(address)
        if len(asked) == 2:
            raise TooManyRejects("the line is down")
        return real(address, *rest)

    monkeypatch.setattr(remote_files, "fetch", fetch)
    with pytest.raises(TooManyRejects):
        source().collect(work_in(tmp_path), "0-remote")
    store.pipe("/data/9.jsonl", b'{"text": "late"}')
    receipts = source().collect(work_in(tmp_path), "0-remote")
    assert [each.rpartition("/")[2][0] for each in asked] == ["0", "1", "1", "2"]
    assert source().collect(work_in(tmp_path), "0-remote") == receipts and len(asked) == 4


def test_a_path_that_is_an_address_is_collected_and_extracted(store, tmp_path) -> None:
    stage = build(Collect, {"sources": [{"kind": "jsonl", "path": "memory://data"}]})
    assert isinstance(stage.sources[0], Remote)
    outcome = stage.run(work_in(tmp_path / "c"))
    assert outcome.counts["kept"] == 3 and "3 files from remote" in outcome.summary
    (entry,) = json.loads((tmp_path / "c" / "sources.json").read_text())
    task = ExtractShard(extractor=Automatic(), time_limit=9.0, memory_limit=2**30, collection=str(tmp_path / "c"))
    for number, shard in enumerate(entry["shards"]):
        (tmp_path / "e").mkdir(exist_ok=True)
        collected = CollectedShard(f"k{number}", "0-remote", entry["kind"], entry["settings"], tuple(shard["files"]))
        assert task(collected, tmp_path / "e")["rows_out"] == 1


def test_a_web_file(tmp_path) -> None:
    pytest.importorskip("aiohttp")
    with serving({"/a.jsonl": (200, {}, b'{"text": "from the web"}\n')}) as server:
        outcome = build(Collect, {"sources": [{"kind": "jsonl", "path": server.origin + "/a.jsonl"}]}).run(
            work_in(tmp_path)
        )
    assert outcome.counts["kept"] == 1


def test_the_fingerprint_asks_nobody(store) -> None:
    first = source().fingerprint()
    store.store.clear()
    assert source().fingerprint() == first == Remote(source=Jsonl(path="memory://data")).fingerprint()
    assert Jsonl(path="memory://data").fingerprint() != Jsonl(path="memory://other").fingerprint()
    assert Remote(source=Jsonl(path="memory://data"), snapshot="2").fingerprint() != first


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": {"kind": "jsonl", "path": "."}}, "its path is on this machine"),
        ({"source": {"kind": "website", "start": ["https://a.org/"]}}, "name a source of files"),
        ({"source": {"kind": "jsnl", "path": "s3://a"}}, "Did you mean 'jsonl'"),
        ({"source": {"kind": "jsonl", "path": "https://me:secret@a.org/x.jsonl"}}, "keep passwords out"),
        ({"source": {"kind": "jsonl", "path": "s3://a", "txt": "b"}}, "Did you mean 'text'"),
    ],
)
def test_wrong_settings_are_refused(fields, message) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        build(Remote, fields)
    assert "secret" not in str(caught.value)


def test_a_column_that_is_not_there_is_told_when_the_file_is_here(store, tmp_path) -> None:
    with pytest.raises(RecipeError, match="text: no column 'body' in memory://.*Columns: text"):
        source(text="body").collect(work_in(tmp_path), "0-remote")
