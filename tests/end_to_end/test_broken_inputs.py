"""Every broken file ends in a document or a rejection, in seconds, and takes nothing else away."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.dataset
import pytest
from broken_inputs import SOURCES, Case, write_corpus

from firstwords.data.document import REASONS, document_id
from firstwords.data.extractors.automatic import Automatic
from firstwords.data.source import Record
from firstwords.find import find
from firstwords.recipe import build
from firstwords.stages.extract import _is_isolated

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FIRSTWORDS_DATA", "/nonexistent"))
SECONDS = 5
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("broken_inputs"),
    pytest.mark.skipif(not (DATA / "robust-html5lib").is_dir(), reason="FIRSTWORDS_DATA has no robust-html5lib"),
]


def firstwords(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firstwords", "run", "r.toml", "--workers", "2", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=3000
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> tuple[Path, list[Case]]:
    """A folder with the broken files and a recipe over all of them."""
    folder = tmp_path_factory.mktemp("broken")
    cases = write_corpus(folder, DATA)
    sources = ", ".join(f'{{ kind = "{each["kind"]}", path = "{each["path"]}" }}' for each in SOURCES.values())
    recipe = f'name = "broken"\n[collect]\nsources = [{sources}]\n[extract]\ntime_limit = "{SECONDS - 1}s"\n'
    (folder / "r.toml").write_text(recipe + "max_damaged = 1.0\n")
    return folder, cases


@pytest.fixture(scope="module")
def rows(corpus) -> dict[str, list[dict]]:
    """Documents (without metadata) and rejections of one run over all files."""
    folder, _ = corpus
    ended = firstwords(folder)
    assert ended.returncode == 0, ended.stderr[-3000:]
    (extracted,) = (folder / "artifacts/extract").glob("extract-*")
    found = {}
    for name, columns in (("documents", ["id", "url", "text"]), ("rejected", ["id", "url", "reason", "detail"])):
        files = sorted((extracted / name).glob("*.parquet"))
        found[name] = [
            row | {"shard": place.stem}
            for place in files
            for row in pyarrow.dataset.dataset(place).to_table(columns).to_pylist()
        ]
    return found


def test_there_are_at_least_two_thousand(corpus) -> None:
    assert len(corpus[1]) >= 2000
    assert Counter(case.folder for case in corpus[1]).keys() == SOURCES.keys()


def test_every_file_ends_in_a_document_or_a_rejection(corpus, rows) -> None:
    folder, cases = corpus
    everything = [*rows["documents"], *rows["rejected"]]
    assert {row["reason"] for row in rows["rejected"]} <= set(REASONS)
    print(
        len(cases), "files;", len(rows["documents"]), "documents;", Counter(row["reason"] for row in rows["rejected"])
    )
    by_shard = Counter(row["shard"] for row in everything)
    for index, (name, settings) in enumerate(SOURCES.items()):
        source = build(find("data.sources", settings["kind"]), {"path": str(folder / settings["path"])})
        wanted = Counter(case.folder for case in cases)[name]
        shards = source.shards()
        assert sum(len(shard.files) for shard in shards) == wanted
        prefix = f"{index}-{settings['kind']}-"
        counts = [number for shard, number in by_shard.items() if shard.startswith(prefix)]
        # Archives and lines have a shard for each file.
        assert len(counts) == len(shards) and (len(shards) == wanted or sum(counts) == wanted), name


def test_each_page_in_a_sound_archive_is_there_once(corpus, rows) -> None:
    urls = Counter(row["url"] for row in [*rows["documents"], *rows["rejected"]])
    stem = re.compile(r"(web|h5|naughty|bomb|endless|zip)\b.*\.warc$")
    names = [
        case.name.removesuffix(".warc") for case in corpus[1] if case.folder == "archives" and stem.match(case.name)
    ]
    assert len(names) > 1000
    assert {name: urls[f"http://pages.test/{name}"] for name in names} == dict.fromkeys(names, 1)


def test_healthy_lines_beside_broken_ones_are_documents(corpus, rows) -> None:
    texts = {row["text"] for row in rows["documents"]}
    numbers = [
        case.name for case in corpus[1] if case.folder == "lines" and case.name.startswith(("json-", "deep", "long"))
    ]
    healthy = [text for text in texts if text.startswith("A healthy line")]
    assert len(healthy) == 2 * len(numbers)


def test_text_files_keep_their_names(corpus, rows) -> None:
    ids = {row["id"] for row in [*rows["documents"], *rows["rejected"]]}
    assert {document_id(f"texts/{case.name}") for case in corpus[1] if case.folder == "texts"} <= ids


def test_reading_a_file_takes_seconds(corpus) -> None:
    """What runs in the sandbox is limited there; here is measured what does not. In processor time: others work too."""
    folder, cases = corpus
    extractor, slow = Automatic(), {}
    for case in cases:
        settings = SOURCES[case.folder]
        source = build(find("data.sources", settings["kind"]), {"path": str(folder / case.folder / case.name)})
        before = time.process_time()
        for record in source.read(folder / case.folder / case.name, case.name):
            if isinstance(record, Record) and not _is_isolated(record, extractor):
                extractor.extract(record)
        seconds = time.process_time() - before
        if seconds > SECONDS:
            slow[case.name] = seconds
    assert slow == {}


def test_a_collection_of_damage_ends_with_5(corpus) -> None:
    lines = 'collect.sources=[{ kind = "jsonl", path = "lines" }]'
    ended = firstwords(corpus[0], lines, "extract.max_damaged=0.5", "--artifacts", "strict")
    assert ended.returncode == 5, ended.stderr[-2000:]
    assert "Traceback" not in ended.stderr and "max_damaged" in ended.stderr
