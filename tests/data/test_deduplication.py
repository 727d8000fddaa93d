import dataclasses
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.artifact import digest_payload, remove_tree
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data import deduplication, duplicates, file_array, ranking, shuffle
from firstwords.data.deduplication import Deduplication, Settings, Shard
from firstwords.data.description import Kinds, Scope
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.minhash import MinHash
from firstwords.data.shards import write_table
from firstwords.stage import Work


@pytest.fixture(autouse=True)
def unhurried(monkeypatch) -> None:
    """Nothing here pulls the plug: files need not reach the disk."""
    monkeypatch.setattr(os, "fsync", lambda file: None)


class Backwards:
    """A pool that runs the tasks in the wrong order, some of them twice."""

    def run(
        self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], done: Callable[..., None]
    ) -> None:
        for key in reversed(list(tasks)):
            function(*tasks[key])
            done(key, function(*tasks[key]))


class Killed(Exception):
    pass


class DiesAfter:
    """A pool that dies after some tasks of a run in all."""

    def __init__(self, tasks: int) -> None:
        self.left = tasks

    def run(
        self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], done: Callable[..., None]
    ) -> None:
        for key, arguments in tasks.items():
            result = function(*arguments)
            if self.left == 0:
                raise Killed
            self.left -= 1
            done(key, result)


def words(number: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(number)]


def changed(text: list[str], places: list[int]) -> str:
    return " ".join("other" if place in places else word for place, word in enumerate(text))


BASE = words(400, 1)
SHARED = " ".join(words(12, 2))
TEXTS = {
    "https://a.example/1": " ".join(BASE) + "\n",  # the longest
    "https://b.example/copy": " ".join(BASE).upper(),
    "https://c.example/near": changed(BASE, [50, 200]),
    "https://d.example/far": changed(BASE, list(range(0, 400, 20))),
    "https://e.example/1": " ".join(words(60, 3)) + "\n\n" + SHARED,
    "https://f.example/1": SHARED + "\n\n" + " ".join(words(80, 4)),
    "https://g.example/1": SHARED + "\n\nfew words",
    "https://h.example/1": "",
}


def rows_in(texts: dict[str, str]) -> list[dict[str, Any]]:
    return [{"id": document_id(url), "url": url, "text": text, "source": url[8]} for url, text in texts.items()]


def shards_in(folder, number: int = 3, rows: list[dict[str, Any]] | None = None) -> dict[str, str]:
    rows = rows_in(TEXTS) if rows is None else rows
    shards = {}
    for shard in range(number):
        place = folder / f"{shard}.parquet"
        write_table(place, pa.Table.from_pylist(rows[shard::number], schema=DOCUMENT))
        shards[f"{shard}"] = str(place)
    return shards


def work_in(folder, pool: Any = None) -> Work:
    return Work(name="deduplicate", folder=folder, inputs={}, pool=pool or Local(workers=1), console=SilentConsole())


SETTINGS = Settings(kinds=Kinds(minhash=MinHash(), paragraph_words=3), min_words=5)
EVERYTHING = Settings(
    kinds=Kinds(urls=True, minhash=MinHash(), paragraph_words=3, line_words=3, substring_words=10),
    line_documents=1,
    min_words=5,
)
# A stretch that begins inside a sentence of one document and ends inside another's.
SENTENCES = [" ".join(words(8, seed)).capitalize() + "." for seed in range(20, 28)]
MORE = TEXTS | {
    "http://www.a.example/1?utm_source=x": "Other text " + " ".join(words(50, 5)),
    "https://i.example/1": "\n".join([" ".join(words(30, 6)), "Read more of this", " ".join(words(30, 7))]),
    "https://j.example/1": "Read more of this\n" + " ".join(words(40, 8)),
    "https://k.example/1": " ".join(SENTENCES[:6]) + " " + " ".join(words(60, 9)),
    "https://l.example/1": " ".join(words(40, 10)) + ". " + " ".join(SENTENCES[2:]),
}


NOTHING_REMOVED = {"paragraphs": 0, "lines": 0, "substrings": 0}


def run(
    folder, shards: dict[str, str], pool: Any = None, settings: Settings = SETTINGS, old: dict[str, str] | None = None
) -> tuple[dict[str, Any], str]:
    given = {key: Shard(path) for key, path in shards.items()}
    given |= {f"old/{key}": Shard(path, old=True) for key, path in (old or {}).items()}
    counts = Deduplication(settings, work_in(folder, pool), given).run()
    remove_tree(folder / "scratch")
    return counts, digest_payload(folder)[1]


def rows_of(folder, part: str) -> dict[str, dict[str, Any]]:
    table = pyarrow.dataset.dataset(folder / part).to_table()
    return {row["url"]: row for row in table.drop_columns(["metadata"]).to_pylist()}


def test_what_goes_for_what_reason(tmp_path) -> None:
    counts, _ = run(tmp_path / "out", shards_in(tmp_path))
    kept, dropped = rows_of(tmp_path / "out", "documents"), rows_of(tmp_path / "out", "dropped")
    assert sorted(kept) == [f"https://{host}.example/{page}" for host, page in ("a1", ("d", "far"), "e1", "f1")]
    assert {url: (row["step"], row["rule"]) for url, row in dropped.items()} == {
        "https://b.example/copy": ("exact", "same_text"),
        "https://c.example/near": ("minhash", "near_duplicate"),
        "https://g.example/1": ("repeated_text", "too_short"),
        "https://h.example/1": ("length", "too_short"),
    }
    first = document_id("https://a.example/1")
    assert [dropped[url]["kept_id"] for url in ("https://b.example/copy", "https://c.example/near")] == [first, first]
    # Two changed words touch ten of 396 runs; both texts have ten of their own.
    assert dropped["https://c.example/near"]["score"] == pytest.approx(386 / 406)
    # The longest of the three texts keeps the paragraph that they share.
    assert SHARED in kept["https://f.example/1"]["text"]
    assert SHARED not in kept["https://e.example/1"]["text"]
    assert dropped["https://g.example/1"]["text"].startswith(SHARED), "what is dropped is kept whole"
    assert json.loads((tmp_path / "out/clusters.json").read_text()) == {first: 3}
    assert counts["kept"] == 4 and counts["clusters"] == 1 and counts["removed"]["paragraphs"] == 2
    assert counts["dropped"] == {
        "exact.same_text": 1,
        "length.too_short": 1,
        "minhash.near_duplicate": 1,
        "repeated_text.too_short": 1,
    }


def test_every_kind_of_duplicate_is_found(tmp_path) -> None:
    counts, _ = run(tmp_path / "out", shards_in(tmp_path, rows=rows_in(MORE)), settings=EVERYTHING)
    kept, dropped = rows_of(tmp_path / "out", "documents"), rows_of(tmp_path / "out", "dropped")
    other = dropped["http://www.a.example/1?utm_source=x"]
    assert (other["step"], other["rule"], other["kept_id"]) == ("url", "same_url", document_id("https://a.example/1"))
    # The longer text keeps the line.
    assert "Read more of this" in kept["https://i.example/1"]["text"]
    assert kept["https://j.example/1"]["text"] == " ".join(words(40, 8))
    assert kept["https://k.example/1"]["text"] == MORE["https://k.example/1"]
    assert kept["https://l.example/1"]["text"] == " ".join([" ".join(words(40, 10)) + ".", *SENTENCES[6:]])
    assert counts["removed"] == {"paragraphs": 2, "lines": 3, "substrings": 3}
    assert {url: row["num_copies"] for url, row in kept.items() if row["num_copies"] > 1} == {"https://a.example/1": 4}
    assert counts["clusters"] == 1


@pytest.mark.parametrize("settings", [SETTINGS, EVERYTHING])
def test_the_same_bytes_in_any_order_and_partition(tmp_path, monkeypatch, settings: Settings) -> None:
    shards = shards_in(tmp_path, rows=rows_in(MORE))
    _, digest = run(tmp_path / "once", shards, settings=settings)
    assert run(tmp_path / "backwards", shards, Backwards(), settings)[1] == digest
    monkeypatch.setattr(shuffle, "PARTITION_ROWS", 40)
    monkeypatch.setattr(deduplication, "PAIRS_A_TASK", 1)
    monkeypatch.setattr(deduplication, "WINDOWS_A_TASK", 20)
    monkeypatch.setattr(duplicates, "SHINGLES_AT_ONCE", 300)
    monkeypatch.setattr(file_array, "WINDOW_BYTES", 16)
    monkeypatch.setattr(file_array, "BLOCK_ROWS", 3)
    monkeypatch.setattr(ranking, "SAMPLE_EVERY", 1)
    monkeypatch.setattr(ranking, "RANKED_AT_ONCE", 2)
    monkeypatch.setattr(shuffle, "IN_ORDER_ROWS", 2)
    assert run(tmp_path / "partitions", shards, settings=settings)[1] == digest


@pytest.mark.parametrize("workers", [2, pytest.param(7, marks=pytest.mark.slow)])
def test_the_same_bytes_from_any_number_of_processes(tmp_path, workers: int) -> None:
    shards = shards_in(tmp_path, workers, rows_in(MORE))
    _, digest = run(tmp_path / "one", shards, settings=EVERYTHING)
    assert run(tmp_path / "more", shards, Local(workers=workers), EVERYTHING)[1] == digest


def test_killed_and_continued_it_gives_the_same_bytes(tmp_path) -> None:
    shards = shards_in(tmp_path, 2, rows_in(MORE))
    old = shards_in(tmp_path / "before", 1, rows_in({"https://o.example/1": SHARED + "\n\n" + " ".join(words(30, 11))}))
    _, digest = run(tmp_path / "whole", shards, settings=EVERYTHING, old=old)
    for tasks in (0, 2, 5, 9, 13, 16, 18):
        folder = tmp_path / f"killed-{tasks}"
        with pytest.raises(Killed):
            run(folder, shards, DiesAfter(tasks), EVERYTHING, old)
        assert run(folder, shards, settings=EVERYTHING, old=old)[1] == digest


def test_a_new_batch_goes_for_what_an_old_corpus_has(tmp_path) -> None:
    old = {
        "https://old.example/a": TEXTS["https://c.example/near"],
        "https://old.example/e": SHARED + "\n\n" + " ".join(words(9, 11)),
        # Old documents are not compared with each other.
        "https://old.example/b": TEXTS["https://c.example/near"],
    }
    place = shards_in(tmp_path / "old", 2, rows_in(old))
    before = {key: (tmp_path / f"old/{key}.parquet").read_bytes() for key in place}
    run(tmp_path / "out", shards_in(tmp_path), old=place)
    kept, dropped = rows_of(tmp_path / "out", "documents"), rows_of(tmp_path / "out", "dropped")
    assert {key: (tmp_path / f"old/{key}.parquet").read_bytes() for key in place} == before
    assert not any("old.example" in url for url in [*kept, *dropped])
    same = min(document_id("https://old.example/a"), document_id("https://old.example/b"))
    for url in ("https://a.example/1", "https://b.example/copy", "https://c.example/near"):
        assert dropped[url]["kept_id"] == same
    # The shorter old document keeps the paragraph of them all.
    assert not any(SHARED in row["text"] for row in kept.values())
    removed = pyarrow.dataset.dataset(tmp_path / "out/removed").to_table().to_pylist()
    assert {row["kept_id"] for row in removed} == {document_id("https://old.example/e")}
    assert json.loads((tmp_path / "out/clusters.json").read_text()) == {}


@pytest.mark.parametrize(
    ("scope", "kept"), [(Scope(), "a"), (Scope(source=True), "abc"), (Scope(metadata_key="dump"), "ac")]
)
def test_duplicates_count_in_their_scope_only(tmp_path, scope: Scope, kept: str) -> None:
    text = "\n\n".join([" ".join(words(30, seed)) for seed in (40, 41)])
    rows = [
        {"id": f"{number:016x}", "url": "https://x.example/", "text": text, "source": name, "metadata": {"dump": dump}}
        for number, (name, dump) in enumerate((("a", "1"), ("b", "1"), ("c", "2")))
    ]
    settings = dataclasses.replace(EVERYTHING, scope=scope)
    run(tmp_path / "out", shards_in(tmp_path, 3, rows), settings=settings)
    documents = pyarrow.dataset.dataset(tmp_path / "out/documents").to_table().to_pylist()
    assert [row["source"] for row in documents] == list(kept)
    # Repeated parts count in the scope too: nothing was taken out of the others.
    assert {row["text"] for row in documents} == {text}


PAGES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.integers(0, 8), st.sampled_from(["", " more", " words"])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=6, deadline=None)
@given(PAGES, st.randoms(use_true_random=False))
def test_no_group_is_left_without_a_survivor_and_the_order_does_not_matter(tmp_path_factory, pages, draw) -> None:
    """Whatever goes as a duplicate names one that stays, and is counted there."""
    folder = tmp_path_factory.mktemp("g")
    rows = [
        {
            "id": f"{number:016x}",
            "url": f"https://{address}.example/",
            "source": address,
            "text": changed(words(60, seed), list(range(many))) + end,
        }
        for number, (address, seed, many, end) in enumerate(pages)
    ]
    only_documents = Settings(kinds=Kinds(urls=True, minhash=MinHash()), min_words=5)
    run(folder / "out", shards_in(folder, 2, rows), settings=only_documents)
    kept = pyarrow.dataset.dataset(folder / "out/documents").to_table().to_pylist()
    dropped = pyarrow.dataset.dataset(folder / "out/dropped").to_table().to_pylist()
    copies = Counter(row["kept_id"] for row in dropped)
    assert {row["id"]: row["num_copies"] for row in kept} == {row["id"]: 1 + copies[row["id"]] for row in kept}
    assert set(copies) <= {row["id"] for row in kept}
    assert len(kept) + len(dropped) == len(rows)
    draw.shuffle(rows)
    run(folder / "again", shards_in(folder / "shuffled", 3, rows), settings=only_documents)
    again = pyarrow.dataset.dataset(folder / "again/documents").to_table().to_pylist()
    assert {row["id"]: row["num_copies"] for row in again} == {row["id"]: row["num_copies"] for row in kept}


def test_the_shards_do_not_decide_who_stays(tmp_path) -> None:
    run(tmp_path / "three", shards_in(tmp_path))
    run(tmp_path / "two", shards_in(tmp_path, 2))
    for part in ("documents", "dropped"):
        assert rows_of(tmp_path / "three", part) == rows_of(tmp_path / "two", part)


def test_preferred_sources_stay(tmp_path) -> None:
    settings = Settings(kinds=Kinds(minhash=MinHash()), sources_first=("c", "b"))
    run(tmp_path / "out", shards_in(tmp_path), settings=settings)
    dropped = rows_of(tmp_path / "out", "dropped")
    assert sorted(dropped) == ["https://a.example/1", "https://b.example/copy"]
    # The equal text of `b` would have been preferred to `a`, but it is similar to `c`: both name the one that stays.
    assert {row["kept_id"] for row in dropped.values()} == {document_id("https://c.example/near")}
    assert json.loads((tmp_path / "out/clusters.json").read_text()) == {document_id("https://c.example/near"): 3}


def test_similar_documents_and_paragraphs_may_stay(tmp_path) -> None:
    settings = Settings(kinds=Kinds())
    counts, _ = run(tmp_path / "out", shards_in(tmp_path), settings=settings)
    assert counts["dropped"] == {"exact.same_text": 1}
    assert counts["removed"] == NOTHING_REMOVED


def test_nothing_in_nothing_out(tmp_path) -> None:
    counts, _ = run(tmp_path / "out", {})
    assert counts == {"kept": 0, "dropped": {}, "clusters": 0, "removed": NOTHING_REMOVED, "splits": {}}
    write_table(tmp_path / "empty.parquet", DOCUMENT.empty_table())
    assert run(tmp_path / "empty", {"0": str(tmp_path / "empty.parquet")})[0]["kept"] == 0
