import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.dataset
import pytest

from firstwords.artifact import digest_payload, remove_tree
from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data import deduplication, shuffle
from firstwords.data.deduplication import Deduplication, Settings
from firstwords.data.document import DOCUMENT, document_id
from firstwords.data.minhash import MinHash
from firstwords.data.shards import write_table
from firstwords.stage import Work


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


def shards_in(folder, number: int = 3) -> dict[str, str]:
    rows = [{"id": document_id(url), "url": url, "text": text, "source": url[8]} for url, text in TEXTS.items()]
    shards = {}
    for shard in range(number):
        place = folder / f"{shard}.parquet"
        write_table(place, pa.Table.from_pylist(rows[shard::number], schema=DOCUMENT))
        shards[f"{shard}"] = str(place)
    return shards


def work_in(folder, pool: Any = None) -> Work:
    return Work(name="deduplicate", folder=folder, inputs={}, pool=pool or Local(workers=1), console=SilentConsole())


SETTINGS = Settings(minhash=MinHash(), threshold=0.8, paragraph_words=3, min_words=5, sources_first=())


def run(folder, shards: dict[str, str], pool: Any = None, settings: Settings = SETTINGS) -> tuple[dict[str, Any], str]:
    counts = Deduplication(settings, work_in(folder, pool), shards).run()
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
        "https://g.example/1": ("repeated_paragraphs", "too_short"),
        "https://h.example/1": ("repeated_paragraphs", "too_short"),
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
    assert counts["kept"] == 4 and counts["clusters"] == 1 and counts["paragraphs_removed"] == 2
    assert counts["dropped"] == {"exact.same_text": 1, "minhash.near_duplicate": 1, "repeated_paragraphs.too_short": 2}


def test_the_same_bytes_in_any_order_and_partition(tmp_path, monkeypatch) -> None:
    shards = shards_in(tmp_path)
    _, digest = run(tmp_path / "once", shards)
    assert run(tmp_path / "backwards", shards, Backwards())[1] == digest
    monkeypatch.setattr(shuffle, "PARTITION_ROWS", 5)
    monkeypatch.setattr(deduplication, "PAIRS_A_TASK", 1)
    assert run(tmp_path / "partitions", shards)[1] == digest


def test_the_same_bytes_from_two_processes(tmp_path) -> None:
    shards = shards_in(tmp_path)
    assert run(tmp_path / "two", shards, Local(workers=2))[1] == run(tmp_path / "one", shards)[1]


def test_killed_and_continued_it_gives_the_same_bytes(tmp_path) -> None:
    shards = shards_in(tmp_path)
    _, digest = run(tmp_path / "whole", shards)
    for tasks in (0, 2, 3, 4, 6, 8, 10):
        folder = tmp_path / f"killed-{tasks}"
        with pytest.raises(Killed):
            run(folder, shards, DiesAfter(tasks))
        assert run(folder, shards)[1] == digest


def test_the_shards_do_not_decide_who_stays(tmp_path) -> None:
    run(tmp_path / "three", shards_in(tmp_path))
    run(tmp_path / "two", shards_in(tmp_path, 2))
    for part in ("documents", "dropped"):
        assert rows_of(tmp_path / "three", part) == rows_of(tmp_path / "two", part)


def test_preferred_sources_stay(tmp_path) -> None:
    settings = Settings(minhash=MinHash(), threshold=0.8, paragraph_words=0, min_words=0, sources_first=("c", "b"))
    run(tmp_path / "out", shards_in(tmp_path), settings=settings)
    dropped = rows_of(tmp_path / "out", "dropped")
    assert sorted(dropped) == ["https://a.example/1", "https://b.example/copy"]
    # The equal text of `b` would have been preferred to `a`, but it is similar to `c`: both name the one that stays.
    assert {row["kept_id"] for row in dropped.values()} == {document_id("https://c.example/near")}
    assert json.loads((tmp_path / "out/clusters.json").read_text()) == {document_id("https://c.example/near"): 3}


def test_similar_documents_and_paragraphs_may_stay(tmp_path) -> None:
    settings = Settings(minhash=None, threshold=0.8, paragraph_words=0, min_words=0, sources_first=())
    counts, _ = run(tmp_path / "out", shards_in(tmp_path), settings=settings)
    assert counts["dropped"] == {"exact.same_text": 1}
    assert counts["paragraphs_removed"] == 0


def test_nothing_in_nothing_out(tmp_path) -> None:
    counts, _ = run(tmp_path / "out", {})
    assert counts == {"kept": 0, "dropped": {}, "clusters": 0, "paragraphs_removed": 0, "splits": {}}
    write_table(tmp_path / "empty.parquet", DOCUMENT.empty_table())
    assert run(tmp_path / "empty", {"0": str(tmp_path / "empty.parquet")})[0]["kept"] == 0
