import gzip
import json
import runpy
from pathlib import Path

import pytest

from firstwords.artifact import sha256_file
from firstwords.errors import RecipeError, TooManyRejects
from firstwords.recipe import build
from firstwords.stages.collect import Collect

HELP = runpy.run_path(str(Path(__file__).parents[1] / "data" / "sources" / "collecting.py"))
work_in, payload = HELP["work_in"], HELP["payload"]


def collect(tmp_path, *sources: dict):
    work = work_in(tmp_path / "out")
    outcome = build(Collect, {"sources": list(sources)}).run(work)
    return outcome, json.loads((tmp_path / "out" / "sources.json").read_text())


def test_local_files_are_noted_by_name_and_digest(tmp_path, monkeypatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("one")
    (tmp_path / "in" / "b.txt").write_text("two")
    monkeypatch.setenv("FIRSTWORDS_DATA", str(tmp_path))
    outcome, entries = collect(tmp_path, {"kind": "text_files", "path": "$FIRSTWORDS_DATA/in", "licence": "CC0"})
    (entry,) = entries
    assert (entry["index"], entry["kind"], entry["settings"]["licence"]) == (0, "text_files", "CC0")
    (shard,) = entry["shards"]
    assert [file["path"] for file in shard["files"]] == ["$FIRSTWORDS_DATA/in/a.txt", "$FIRSTWORDS_DATA/in/b.txt"]
    assert shard["files"][0]["sha256"] == sha256_file(tmp_path / "in" / "a.txt") and shard["files"][0]["size"] == 3
    assert list(payload(tmp_path / "out")) == ["sources.json"]
    assert str(tmp_path).encode() not in payload(tmp_path / "out")["sources.json"]
    assert outcome.counts["kept"] == 2 and "2 files of text_files" in outcome.summary


def test_live_pages_are_stored_and_failures_counted(tmp_path) -> None:
    outcome, entries = collect(tmp_path, {"kind": "python_documentation", "modules": ["dbm", "json"], "topics": False})
    files = [file for shard in entries[0]["shards"] for file in shard["files"]]
    assert files and all(file["path"].startswith("0-python_documentation/") for file in files)
    for file in files:
        path = tmp_path / "out" / file["path"]
        assert sha256_file(path) == file["sha256"] and b"pydoc:///" in gzip.decompress(path.read_bytes())
    assert outcome.counts["kept"] >= 5 and "pages from python_documentation" in outcome.summary


def test_two_sources_of_a_kind_do_not_meet(tmp_path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(name)
    sources = [{"kind": "text_files", "path": str(tmp_path / f"{name}.txt")} for name in ("a", "b")]
    _, entries = collect(tmp_path, *sources)
    assert [entry["index"] for entry in entries] == [0, 1]


def test_wrong_sources_are_refused(tmp_path) -> None:
    for sources, message in (
        ([], "at least one"),
        ([{"kind": "web_site"}], "website"),
        ([{"kind": "text_files", "path": str(tmp_path / "absent")}], "no such file"),
        ([{"kind": "text_files", "path": str(tmp_path)}], "no files"),
    ):
        with pytest.raises(RecipeError, match=message):
            collect(tmp_path, *sources)


def test_a_source_that_gives_nothing_is_told(tmp_path) -> None:
    for _ in range(2):  # and the next run tries again
        with pytest.raises(TooManyRejects, match=r"no page could be fetched \(robots 1\)"):
            collect(tmp_path, {"kind": "website", "start": ["http://127.0.0.1:9/"]})


def test_a_column_that_is_not_there_is_told_before_anything_runs(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("text,url\nx,y\n")
    (tmp_path / "b.csv").write_text("body,url\nx,y\n")
    good = {"kind": "csv", "path": str(tmp_path / "a.csv")}
    message = r"sources.1.text: no column 'txt' in .*a.csv. Did you mean 'text'\? Columns: text, url"
    with pytest.raises(RecipeError, match=message):
        build(Collect, {"sources": [good, good | {"text": "txt"}]}).check()
    # The first file shows whether the recipe is right; another one without the column is told when it is read.
    stage = build(Collect, {"sources": [good | {"path": str(tmp_path)}]})
    stage.check()
    assert stage.run(work_in(tmp_path / "out")).counts["kept"] == 2
    (told,) = stage.sources[0].read(tmp_path / "b.csv", "b.csv")
    assert told.reason == "malformed" and "no column 'text' in b.csv" in told.detail
