import itertools
import os
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.compute.pools.local import Local
from firstwords.console import SilentConsole
from firstwords.data import deduplication, shuffle
from firstwords.data.deduplication import Deduplication, Settings, Shard
from firstwords.data.description import Kinds, Scope
from firstwords.data.document import DOCUMENT
from firstwords.data.fates import Ranking
from firstwords.data.features import Features
from firstwords.data.shards import write_table
from firstwords.data.shuffle import write_array, write_run
from firstwords.data.substrings import REPEAT, ConfirmStretches, anchors, window_anchors, window_hashes
from firstwords.stage import Work

SIZE = 4
LETTERS = st.lists(st.sampled_from("abc"), max_size=14)
CORPORA = st.lists(st.tuples(LETTERS, st.sampled_from("xy")), min_size=1, max_size=6)


@pytest.fixture(autouse=True, scope="module")
def unhurried() -> Iterator[None]:
    """Nothing here pulls the plug: files need not reach the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        yield


def find_stretches(folder, documents: list[tuple[list[str], str]], num_old: int = 0, scope: Scope | None = None):
    """The stretches found, and the numbers of the documents by rank; the first `num_old` are an old corpus."""
    rows = [
        {"id": f"{number:016x}", "text": " ".join(words), "source": source}
        for number, (words, source) in enumerate(documents)
    ]
    shards = {}
    for name, part in (("a", rows[num_old::2]), ("b", rows[num_old + 1 :: 2]), ("old", rows[:num_old])):
        write_table(folder / f"{name}.parquet", pa.Table.from_pylist(part, schema=DOCUMENT))
        shards[name] = Shard(str(folder / f"{name}.parquet"), old=name == "old")
    work = Work(name="d", folder=folder / "out", inputs={}, pool=Local(workers=1), console=SilentConsole())
    run = Deduplication(Settings(kinds=Kinds(substring_words=SIZE), scope=scope or Scope()), work, shards)
    run._describe()
    run.gone = run._gone("documents")
    ranks = np.load(run.ranking.ranks)
    parts = [np.load(place) for place in run._find_stretches()]
    found = [
        (int(ranks[key >> 32]), key & 0xFFFFFFFF, end, first) for part in parts for key, end, first in part.tolist()
    ]
    return sorted(found), np.load(run.ranking.ids).tolist()


def brute_force(documents: list[list[str]], scopes: list[str]) -> set[tuple[int, int]]:
    """Every word that lies in a window that stood before, in an earlier document or earlier in the same one."""
    seen, goes = set(), set()
    for number, (words, scope) in enumerate(zip(documents, scopes, strict=True)):
        for start in range(len(words) - SIZE + 1):
            window = (scope, *words[start : start + SIZE])
            if window in seen:
                goes |= {(number, word) for word in range(start, start + SIZE)}
            seen.add(window)
    return goes


@settings(max_examples=8, deadline=None)
@given(CORPORA, st.integers(0, 2), st.booleans())
def test_what_goes_is_what_brute_force_finds(tmp_path_factory, documents, num_old: int, by_source: bool) -> None:
    check_against_brute_force(tmp_path_factory, documents, num_old, by_source)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(CORPORA, st.integers(0, 2), st.booleans())
def test_what_goes_is_what_brute_force_finds_often(tmp_path_factory, documents, num_old: int, by_source: bool) -> None:
    check_against_brute_force(tmp_path_factory, documents, num_old, by_source)


def check_against_brute_force(tmp_path_factory, documents, num_old: int, by_source: bool) -> None:
    num_old = min(num_old, len(documents))
    scope = Scope(source=True) if by_source else Scope()
    found, numbers = find_stretches(tmp_path_factory.mktemp("s"), documents, num_old, scope)
    in_order = [documents[number] for number in numbers]
    expected = brute_force([words for words, _ in in_order], [source if by_source else "" for _, source in in_order])
    goes = {(rank, word) for rank, start, end, _ in found for word in range(start, end)}
    assert goes == {(rank, word) for rank, word in expected if rank >= num_old}
    # Apart from each other: what meets is one stretch.
    for one, two in itertools.pairwise(found):
        assert one[0] < two[0] or one[2] < two[1]


def test_the_partitions_do_not_change_what_goes(tmp_path, monkeypatch) -> None:
    draw = np.random.default_rng(0)
    documents = [(draw.choice(list("abcd"), draw.integers(0, 60)).tolist(), "x") for _ in range(12)]
    once = find_stretches(tmp_path / "once", documents)[0]
    assert once
    monkeypatch.setattr(shuffle, "PARTITION_ROWS", 7)
    monkeypatch.setattr(deduplication, "WINDOWS_A_TASK", 9)
    assert find_stretches(tmp_path / "many", documents)[0] == once


@given(st.lists(LETTERS, min_size=1, max_size=4))
def test_equal_windows_have_equal_anchors_and_every_place_is_listed(documents: list[list[str]]) -> None:
    words = Features(pa.array([" ".join(each) for each in documents])).words
    _, windows = window_hashes(words, SIZE)
    offsets, values, places = window_anchors(words, SIZE)
    by_window: dict[int, set[int]] = {}
    for window, anchor in zip(windows.tolist(), values.tolist(), strict=True):
        by_window.setdefault(window, set()).add(anchor)
    assert all(len(each) == 1 for each in by_window.values())
    listed, names = anchors(words, SIZE)
    for number, (first, last) in enumerate(itertools.pairwise(offsets)):
        assert listed[number + 1] - listed[number] == len(set(places[first:last].tolist()))
    assert set(names.tolist()) == set(values.tolist())


def test_few_windows_have_an_anchor_of_their_own() -> None:
    draw = np.random.default_rng(0)
    text = " ".join(f"w{number}" for number in draw.integers(0, 10**6, 20_000))
    _, values = anchors(Features(pa.array([text])).words, 50)
    # Winnowing: of 26 neighbouring half-windows two in 27 are the lowest of one of their runs.
    assert len(values) == pytest.approx(20_000 * 2 / 27, rel=0.1)


def test_windows_of_one_hash_and_other_words_are_not_repeated(tmp_path) -> None:
    """Two documents whose windows are said to be equal; a word in the middle is not."""
    mine, theirs = np.arange(20, dtype=np.uint64), np.arange(20, dtype=np.uint64)
    theirs[9] = 99
    for key, words in (("0", theirs), ("1", mine)):
        write_array(tmp_path / key / "rows.npy", np.zeros(1, np.uint32))
        write_array(tmp_path / key / "offsets.npy", np.array([0, 20]))
        write_array(tmp_path / key / "words.npy", words)
    for name in ("ranks", "documents"):
        write_array(tmp_path / f"{name}.npy", np.arange(2, dtype=np.uint32))
    ranking = Ranking(str(tmp_path / "ranks.npy"), str(tmp_path / "documents.npy"), "", (0, 1, 2))
    index = np.arange(17, dtype=np.uint64)
    repeats = np.zeros(17, REPEAT)
    repeats["key"], repeats["first_index"] = np.uint64(1 << 32) | index, index
    write_run(tmp_path / "run.npy", repeats)
    folders = (str(tmp_path / "0"), str(tmp_path / "1"))
    confirm = ConfirmStretches(SIZE, (str(tmp_path / "run.npy"),), folders, ranking)
    confirm((0, 0, 2), tmp_path)
    found = np.load(tmp_path / "scratch/stretches/0.npy")
    assert found.tolist() == [(1 << 32, 9, 0), (1 << 32 | 10, 20, 0)]
