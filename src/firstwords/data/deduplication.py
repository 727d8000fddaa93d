"""De-duplication of a corpus, phase by phase: describe every shard, decide globally, write what stays.

First whole documents go (same address, same text, similar text), then parts of those that stay (paragraphs, lines,
stretches of words). Heavy phases are maps over shards or reductions of partitions that any pool may run
(`firstwords.data.duplicates`, `firstwords.data.substrings`). What is decided here is little: ranks, fates and
survivors. An entry for each document, pair or repeated part stands in files only, so memory does not grow with them.
"""

from __future__ import annotations

import itertools
import json
import os
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from firstwords.artifact import TEMPORARY, atomic_write, remove_tree
from firstwords.data.description import RUNS, DescribeShard, Kinds, Scope, id_text
from firstwords.data.duplicates import (
    FindCandidates,
    FindEqual,
    FindRepeated,
    Runs,
    ShingleShard,
    VerifyPairs,
    choose_survivors,
    unpack_pairs,
)
from firstwords.data.fates import EXACT, SIMILAR, TOO_SHORT, URL, Fates, Ranking
from firstwords.data.file_array import ArrayWriter, FileArray
from firstwords.data.ranking import by_preference
from firstwords.data.shuffle import count_partitions, read_in_order, records, write_array, write_run
from firstwords.data.substrings import ConfirmStretches, FindRepeatedAnchors, FindRepeatedWindows, WindowShard
from firstwords.data.survivors import PARTS, Survivors
from firstwords.stage import Work

PAIRS_A_TASK = 100_000
WINDOWS_A_TASK = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to take out; see the fields of `firstwords.stages.deduplicate.Deduplicate`."""

    kinds: Kinds
    scope: Scope = field(default_factory=Scope)
    threshold: float = 0.8
    line_documents: int = 0
    min_words: int = 0
    sources_first: tuple[str, ...] = ()
    quality: str | None = None


@dataclass(frozen=True)
class Shard:
    """One Parquet file of documents, the file of their scores, and whether it is of an old corpus, which stays."""

    path: str
    scores: str | None = None
    old: bool = False


class Deduplication:
    """One run over a corpus.

    Args:
        settings: What to take out.
        work: Where files go and tasks run.
        shards: Key to Parquet file, in key order; old ones under keys of their own.
        workers: At most so many processes; None for as many as the pool has.
    """

    def __init__(self, settings: Settings, work: Work, shards: Mapping[str, Shard], workers: int | None = None) -> None:
        self.settings, self.work, self.shards, self.workers = settings, work, dict(shards), workers

    def run(self) -> dict[str, Any]:
        """Run all phases; returns counts: kept, dropped by rule, clusters, removed parts by kind, splits."""
        kinds = self.settings.kinds
        self._describe()
        if kinds.urls:
            self._drop_equal("urls", URL, "comparing addresses")
        self._drop_equal("exact", EXACT, "comparing texts")
        if kinds.minhash:
            self._drop_similar(self._verify(self._find_candidates()))
        self.fates.name_survivors()
        self.gone = self._gone("documents")
        parts = {}
        if kinds.paragraph_words:
            parts["paragraphs"] = self._find_repeated("paragraphs", 0)
        if kinds.line_words:
            parts["lines"] = self._find_repeated("lines", self.settings.line_documents)
        if kinds.substring_words:
            parts["substrings"] = self._find_stretches()
        clusters = self._write_clusters()
        receipts = self._write_survivors(parts)
        return {
            "kept": sum(receipt["rows_out"] for receipt in receipts),
            "dropped": _sums(receipts, "dropped"),
            "clusters": clusters,
            "removed": {name: sum(receipt["removed"][name] for receipt in receipts) for name in PARTS},
            "splits": _sums(receipts, "splits"),
        }

    # --- whole documents ---

    def _describe(self) -> None:
        """Read every document once; rank all of them, and let the ones go that are too short by themselves."""
        settings = self.settings
        describe = DescribeShard(settings.kinds, settings.scope, settings.sources_first, settings.quality)
        tasks = {f"describe/{key}": (key, shard.path, shard.scores, shard.old) for key, shard in self.shards.items()}
        self.described = self._map(describe, tasks, "reading")
        self.num_old = sum(
            receipt["rows_in"] for receipt, shard in zip(self.described, self.shards.values(), strict=True) if shard.old
        )
        starts = tuple(itertools.accumulate((receipt["rows_in"] for receipt in self.described), initial=0))
        ranks, documents, ids = (str(self._scratch(f"{name}.npy")) for name in ("ranks", "documents", "ids"))
        self.ranking = Ranking(ranks, documents, ids, starts)
        # A worker that a killed run left behind may still read its fates: every run has files of its own.
        for left in self.work.scratch().glob("fates-*"):
            remove_tree(left)
        self.fates = Fates.new(self._scratch(f"fates-{uuid.uuid4().hex[:8]}"), len(self.ranking))
        self._rank()

    def _rank(self) -> None:
        """Number the documents by preference."""
        ranking, least = self.ranking, self.settings.min_words
        starts = np.array(ranking.starts)
        place = Path(ranking.ranks)
        ranks = FileArray.zeros(place.with_name(TEMPORARY + place.name), len(ranking), np.uint32)
        runs = [self._scratch("describe", key, "order.npy") for key in self.shards]
        with (
            ArrayWriter(Path(ranking.documents), np.uint32) as documents,
            ArrayWriter(Path(ranking.ids), np.uint64) as ids,
        ):
            first = 0
            for rows, run in by_preference(runs):
                numbers = starts[run] + rows["row"]
                here = np.arange(first, first + len(rows))
                ranks.scatter(numbers, here.astype(np.uint32))
                documents.write(numbers)
                ids.write(rows["id"])
                short = (rows["words"] < least) & (here >= self.num_old)
                self.fates.drop(here[short], TOO_SHORT, rows["words"][short].astype(np.float64))
                first += len(rows)
        os.replace(ranks.place, place)

    def _drop_equal(self, kind: str, reason: int, text: str) -> None:
        find = FindEqual(self._runs(kind), self._gone(kind), f"equal_{kind}", self.num_old)
        for place in self._reduce(find, f"equal_{kind}", text):
            for _, part in FileArray(place).blocks():
                self.fates.drop(part["loser"], reason, 1.0, part["winner"])

    def _find_candidates(self) -> Path:
        """A file of the packed pairs of ranks that share a band, without those that are gone by now."""
        find = FindCandidates(self._runs("bands"), self._gone("bands"), self.num_old)
        parts = self._reduce(find, "candidates", "comparing signatures")
        place = self._scratch("pairs.npy")
        with ArrayWriter(place, np.uint64) as pairs:
            for some in read_in_order(parts, 0, len(self.ranking) << 32):
                pairs.write(np.unique(some))
        return place

    def _verify(self, pairs_file: Path) -> list[Path]:
        """Runs of the pairs that are similar enough (`firstwords.data.duplicates.SIMILARITY`)."""
        assert self.settings.kinds.minhash
        pairs = FileArray(pairs_file)
        wanted = FileArray.zeros(self._scratch("candidate.npy"), len(self.ranking), np.bool_)
        for _, some in pairs.blocks():
            wanted.scatter(np.unique(np.concatenate(unpack_pairs(some))), True)
        tasks, folders, files = {}, [], []
        for number, (key, shard) in enumerate(self.shards.items()):
            rows = np.flatnonzero(wanted.gather(self.ranking.ranks_of(number))).astype(np.uint32)
            files.append(str(self._scratch("wanted", f"{key}.npy")))
            folders.append(str(self._scratch("shingles", key)))
            write_array(Path(files[-1]), rows)
            if len(rows):
                tasks[f"shingles/{key}"] = (key, shard.path, files[-1])
        self._map(ShingleShard(self.settings.kinds.minhash), tasks, "reading candidates")
        verify = VerifyPairs(str(pairs_file), self.ranking, tuple(files), tuple(folders), self.settings.threshold)
        stretches = {
            f"similar/{number}": (number, first, min(first + PAIRS_A_TASK, len(pairs)))
            for number, first in enumerate(range(0, len(pairs), PAIRS_A_TASK))
        }
        self._map(verify, stretches, "comparing candidates")
        return [self._scratch("similar", f"{number}.npy") for number in range(len(stretches))]

    def _drop_similar(self, runs: list[Path]) -> None:
        for pairs in read_in_order(runs, 0, len(self.ranking) << 32):
            partners = np.unique(np.concatenate(unpack_pairs(pairs["key"])))
            gone = set(partners[self.fates.gone(partners)].tolist())
            found = list(choose_survivors(pairs, gone))
            losers, winners, scores = (np.array([each[column] for each in found]) for column in range(3))
            self.fates.drop(losers.astype(np.int64), SIMILAR, scores, winners)

    # --- parts of documents ---

    def _find_repeated(self, kind: str, max_documents: int) -> list[Path]:
        """Runs (`firstwords.data.duplicates.REPEATED`) of the paragraphs or lines to take out."""
        find = FindRepeated(self._runs(kind), self.gone, f"repeated_{kind}", max_documents, self.num_old)
        return self._reduce(find, find.name, f"comparing {kind}")

    def _find_stretches(self) -> list[Path]:
        """Runs (`firstwords.data.duplicates.REPEATED`) of the words to take out."""
        size, ranking = self.settings.kinds.substring_words, self.ranking
        runs = self._runs("anchors")
        anchors = self._reduce(FindRepeatedAnchors(runs, self.gone), "repeated_anchors", "comparing windows")
        windows = WindowShard(size, self.settings.scope, tuple(map(str, anchors)), ranking.ranks, self.gone)
        tasks = {
            f"windows/{key}": (key, shard.path, start)
            for (key, shard), start in zip(self.shards.items(), ranking.starts[:-1], strict=True)
        }
        sizes = [receipt["windows"] for receipt in self._map(windows, tasks, "reading windows")]
        runs = self._runs_in([str(self._scratch("windows", key, "windows.npy")) for key in self.shards], sizes)
        repeated = self._reduce(FindRepeatedWindows(runs, self.num_old), "repeated_windows", "comparing windows")
        folders = tuple(str(self._scratch("windows", key)) for key in self.shards)
        confirm = ConfirmStretches(size, tuple(map(str, repeated)), folders, ranking)
        # Equal ranges of ranks: preferred documents have few repeated words, so none has many more than its share.
        stretches = {}
        if runs.partitions:
            bounds = np.linspace(0, len(ranking), max(1, -(-sum(sizes) // WINDOWS_A_TASK)) + 1)
            pairs = itertools.pairwise(np.unique(bounds.astype(int)).tolist())
            stretches = {f"stretches/{number}": (number, low, high) for number, (low, high) in enumerate(pairs)}
        self._map(confirm, stretches, "confirming")
        return [self._scratch("stretches", f"{number}.npy") for number in range(len(stretches))]

    # --- writing ---

    def _write_clusters(self) -> int:
        """Write `clusters.json`, by id, and return how many documents that stay stand for others too."""
        runs: list[Path] = []
        for ranks, copies in self.fates.standing_for_others(self.num_old):
            runs.append(self._scratch("clusters", f"{len(runs)}.npy"))
            write_run(runs[-1], records(key=self.ranking.ids_of(ranks), copies=copies))
        number = 0
        with atomic_write(self.work.path("clusters.json")) as place, place.open("w", encoding="utf-8") as file:
            file.write("{")
            for some in read_in_order(runs, 0, 2**64):
                # Should two documents have one id, the last is told.
                told = some[np.append(some["key"][1:] != some["key"][:-1], True)]
                for each, copies in zip(told["key"].tolist(), told["copies"].tolist(), strict=True):
                    file.write(f"{',' if number else ''}\n {json.dumps(id_text(each))}: {copies}")
                    number += 1
            file.write("\n}\n" if number else "}\n")
        return number

    def _write_survivors(self, parts: dict[str, list[Path]]) -> list[dict[str, Any]]:
        places = {name: tuple(map(str, runs)) for name, runs in parts.items()}
        survivors = Survivors(self.settings.kinds, self.settings.min_words, self.ranking, self.fates, places)
        tasks = {
            key: (key, shard.path, number) for number, (key, shard) in enumerate(self.shards.items()) if not shard.old
        }
        return self._map(survivors, tasks, "writing")

    # --- how phases reach files ---

    def _scratch(self, *parts: str) -> Path:
        return self.work.scratch(*parts)

    def _map(self, function: Any, tasks: dict[str, Any], text: str) -> list[dict[str, Any]]:
        return self.work.map(function, tasks, workers=self.workers, text=text)

    def _runs(self, kind: str) -> Runs:
        """The runs of a kind of records that `DescribeShard` wrote."""
        assert kind in RUNS
        places = [str(self._scratch("describe", key, f"{kind}.npy")) for key in self.shards]
        return self._runs_in(places, [receipt["records"][kind] for receipt in self.described])

    def _runs_in(self, places: list[str], sizes: list[int]) -> Runs:
        """Runs of all shards in order, those without records left out."""
        some = [number for number, size in enumerate(sizes) if size]
        return Runs(
            tuple(places[number] for number in some),
            count_partitions(sum(sizes)) if some else 0,
            self.ranking.ranks,
            tuple(self.ranking.starts[number] for number in some),
        )

    def _reduce(self, function: Any, name: str, text: str) -> list[Path]:
        """The files of the results of all partitions."""
        numbers = range(function.runs.partitions)
        self._map(function, {f"{name}/{number}": number for number in numbers}, text)
        return [self._scratch(name, f"{number}.npy") for number in numbers]

    def _gone(self, before: str) -> str:
        """A file that says of each rank whether it is gone before a phase."""
        place = self._scratch(f"gone_before_{before}.npy")
        self.fates.write_gone(place)
        return str(place)


def _sums(receipts: list[dict[str, Any]], name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for receipt in receipts:
        total.update(receipt[name])
    return dict(sorted(total.items()))
