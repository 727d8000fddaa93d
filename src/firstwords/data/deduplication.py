"""De-duplication of a corpus, phase by phase: describe every shard, decide globally, write what stays.

First whole documents go (same address, same text, similar text), then parts of those that stay (paragraphs, lines,
stretches of words). Heavy phases are maps over shards or reductions of partitions that any pool may run
(`firstwords.data.duplicates`, `firstwords.data.substrings`); what is decided here, from arrays with one entry for each
document, pair or repeated part, is little: ranks, fates and survivors.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from firstwords.artifact import write_json
from firstwords.data.description import RUNS, DescribeShard, Kinds, Scope, id_text
from firstwords.data.duplicates import (
    REPEATED,
    FindCandidates,
    FindEqual,
    FindRepeated,
    Runs,
    ShingleShard,
    VerifyPairs,
    choose_survivors,
    rank_documents,
    unpack_pairs,
)
from firstwords.data.shuffle import count_partitions, read_array, records, write_array
from firstwords.data.substrings import STRETCH, ConfirmStretches, FindRepeatedAnchors, FindRepeatedWindows, WindowShard
from firstwords.data.survivors import EXACT, FATE, PART, PARTS, SIMILAR, TOO_SHORT, URL, Survivors
from firstwords.stage import Work

PAIRS_A_TASK = 200_000
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
            pairs = self._find_candidates()
            self._drop_similar(pairs, self._verify(pairs))
        self._name_survivors()
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
        self.starts = np.concatenate(([0], np.cumsum([receipt["rows_in"] for receipt in self.described]))).astype(int)
        self.num_old = sum(
            receipt["rows_in"] for receipt, shard in zip(self.described, self.shards.values(), strict=True) if shard.old
        )
        self._rank()
        write_array(self._scratch("ranks.npy"), self.ranks)

    def _rank(self) -> None:
        """Number the documents by preference. All arrays that have an entry for each document are made here."""
        number = int(self.starts[-1])
        preference, ids = np.empty(number, np.uint64), np.empty(number, np.uint64)
        quality = np.empty(number) if self.settings.quality else None
        short, short_words = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
        for key, first, last in zip(self.shards, self.starts[:-1], self.starts[1:], strict=True):
            order = read_array(self._scratch("describe", key, "order.npy"))
            preference[first:last] = order["source"].astype(np.uint64) << np.uint64(32) | order["length"]
            ids[first:last] = order["id"]
            if quality is not None:
                quality[first:last] = order["quality"]
            few = np.flatnonzero(order["words"] < self.settings.min_words)
            short.append(first + few)
            short_words.append(order["words"][few])
        self.ranks = rank_documents(preference, ids, quality)
        del preference, quality
        self.ids_by_rank = np.empty(number, np.uint64)
        self.ids_by_rank[self.ranks] = ids
        # By rank from here on. `kept` is a rank too.
        self.fates = np.zeros(number, FATE)
        ranks = self.ranks[np.concatenate(short)]
        new = ranks >= self.num_old
        self.fates["reason"][ranks[new]] = TOO_SHORT
        self.fates["score"][ranks[new]] = np.concatenate(short_words)[new]

    def _drop_equal(self, kind: str, reason: int, text: str) -> None:
        find = FindEqual(self._runs(kind), self._gone(kind), f"equal_{kind}", self.num_old)
        for part in self._reduce(find, f"equal_{kind}", text):
            self.fates["reason"][part["loser"]] = reason
            self.fates["score"][part["loser"]] = 1.0
            self.fates["kept"][part["loser"]] = part["winner"]

    def _find_candidates(self) -> np.ndarray:
        """Packed pairs of ranks that share a band, without those that are gone by now."""
        find = FindCandidates(self._runs("bands"), self._gone("bands"), self.num_old)
        parts = self._reduce(find, "candidates", "comparing signatures")
        pairs = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))
        write_array(self._scratch("pairs.npy"), pairs)
        return pairs

    def _verify(self, pairs: np.ndarray) -> np.ndarray:
        """The exact similarity of each pair."""
        assert self.settings.kinds.minhash
        wanted = np.zeros(len(self.ranks), bool)
        wanted[np.concatenate(unpack_pairs(pairs))] = True
        documents = np.zeros(len(self.ranks), [("shard", np.uint32), ("position", np.uint32)])  # by rank
        tasks, folders = {}, []
        for number, (key, shard) in enumerate(self.shards.items()):
            ranks = self._ranks_of(number)
            rows = np.flatnonzero(wanted[ranks]).astype(np.uint32)
            documents["shard"][ranks[rows]], documents["position"][ranks[rows]] = number, np.arange(len(rows))
            write_array(self._scratch("wanted", f"{key}.npy"), rows)
            folders.append(str(self._scratch("shingles", key)))
            if len(rows):
                tasks[f"shingles/{key}"] = (key, shard.path, str(self._scratch("wanted", f"{key}.npy")))
        write_array(self._scratch("documents.npy"), documents)
        self._map(ShingleShard(self.settings.kinds.minhash), tasks, "reading candidates")
        verify = VerifyPairs(str(self._scratch("pairs.npy")), str(self._scratch("documents.npy")), tuple(folders))
        stretches = {
            f"similarity/{number}": (number, first, min(first + PAIRS_A_TASK, len(pairs)))
            for number, first in enumerate(range(0, len(pairs), PAIRS_A_TASK))
        }
        self._map(verify, stretches, "comparing candidates")
        parts = [read_array(self._scratch("similarity", f"{number}.npy")) for number in range(len(stretches))]
        return np.concatenate([np.empty(0), *parts])

    def _drop_similar(self, pairs: np.ndarray, similarity: np.ndarray) -> None:
        for loser, winner, score in choose_survivors(pairs, similarity, self.settings.threshold):
            self.fates[loser] = (SIMILAR, score, winner, 0)

    def _name_survivors(self) -> None:
        """What went for one that went itself later names the one that stays; count whom each one stands for."""
        gone = np.flatnonzero((self.fates["reason"] > 0) & (self.fates["reason"] != TOO_SHORT))
        while True:
            kept = self.fates["kept"][gone].astype(np.int64)
            moved = self.fates["reason"][kept] > 0
            if not moved.any():
                break
            # A step lets a document go only for one that stays in that step, so there are no circles.
            self.fates["kept"][gone[moved]] = self.fates["kept"][kept[moved]]
        self.fates["copies"] = 1 + np.bincount(self.fates["kept"][gone].astype(np.int64), minlength=len(self.fates))

    # --- parts of documents ---

    def _find_repeated(self, kind: str, max_documents: int) -> np.ndarray:
        """Records (rank, start, end, first) of the paragraphs or lines to take out."""
        find = FindRepeated(self._runs(kind), self.gone, f"repeated_{kind}", max_documents, self.num_old)
        found = np.concatenate([np.empty(0, REPEATED), *self._reduce(find, find.name, f"comparing {kind}")])
        return records(rank=found["rank"], start=found["index"], end=found["index"], first_rank=found["first"])

    def _find_stretches(self) -> np.ndarray:
        """Records `STRETCH` of the words to take out."""
        size, ranks = self.settings.kinds.substring_words, str(self._scratch("ranks.npy"))
        runs = self._runs("anchors")
        self._reduce(FindRepeatedAnchors(runs, self.gone), "repeated_anchors", "comparing windows")
        anchors = tuple(str(self._scratch("repeated_anchors", f"{number}.npy")) for number in range(runs.partitions))
        windows = WindowShard(size, self.settings.scope, anchors, ranks, self.gone)
        tasks = {
            f"windows/{key}": (key, shard.path, int(start))
            for (key, shard), start in zip(self.shards.items(), self.starts[:-1], strict=True)
        }
        sizes = [receipt["windows"] for receipt in self._map(windows, tasks, "reading windows")]
        runs = self._runs_in([str(self._scratch("windows", key, "windows.npy")) for key in self.shards], sizes)
        self._reduce(FindRepeatedWindows(runs, self.num_old), "repeated_windows", "comparing windows")
        documents = np.zeros(len(self.ranks), [("shard", np.uint32), ("row", np.uint32)])  # by rank
        for number in range(len(self.shards)):
            documents["shard"][self._ranks_of(number)] = number
            documents["row"][self._ranks_of(number)] = np.arange(len(self._ranks_of(number)))
        write_array(self._scratch("places.npy"), documents)
        confirm = ConfirmStretches(
            size,
            tuple(str(self._scratch("repeated_windows", f"{number}.npy")) for number in range(runs.partitions)),
            tuple(str(self._scratch("windows", key)) for key in self.shards),
            str(self._scratch("places.npy")),
        )
        # Equal ranges of ranks: preferred documents have few repeated words, so none has many more than its share.
        stretches = {}
        if runs.partitions:
            bounds = np.linspace(0, len(self.ranks), max(1, -(-sum(sizes) // WINDOWS_A_TASK)) + 1)
            pairs = itertools.pairwise(np.unique(bounds.astype(int)).tolist())
            stretches = {f"stretches/{number}": (number, low, high) for number, (low, high) in enumerate(pairs)}
        self._map(confirm, stretches, "confirming")
        parts = [read_array(self._scratch("stretches", f"{number}.npy")) for number in range(len(stretches))]
        return np.concatenate([np.empty(0, STRETCH), *parts])

    # --- writing ---

    def _write_clusters(self) -> int:
        """Write `clusters.json` and return how many documents that stay stand for others too."""
        some = np.flatnonzero((self.fates["copies"] > 1) & (np.arange(len(self.fates)) >= self.num_old))
        names = map(id_text, self.ids_by_rank[some].tolist())
        sizes = dict(zip(names, self.fates["copies"][some].tolist(), strict=True))
        write_json(self.work.path("clusters.json"), dict(sorted(sizes.items())))
        return len(sizes)

    def _write_survivors(self, parts: dict[str, np.ndarray]) -> list[dict[str, Any]]:
        parts = {name: each[np.argsort(each["rank"], kind="stable")] for name, each in parts.items()}
        tasks = {}
        for number, (key, shard) in enumerate(self.shards.items()):
            if shard.old:
                continue
            ranks = self._ranks_of(number)
            fates = self.fates[ranks]
            if len(fates):
                fates["kept"] = self.ids_by_rank[fates["kept"].astype(np.int64)]
            decided = self._scratch("decided", key, "fates.npy")
            write_array(decided, fates)
            for name, each in parts.items():
                write_array(decided.parent / f"{name}.npy", self._parts_of_rows(each, ranks))
            tasks[key] = (key, shard.path, str(decided.parent))
        return self._map(Survivors(self.settings.kinds, self.settings.min_words), tasks, "writing")

    def _parts_of_rows(self, parts: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """Records `PART` of one shard, sorted.

        Args:
            parts: Records (rank, start, end, first_rank), sorted by rank.
            ranks: (rows,) of the documents of the shard.
        """
        first = np.searchsorted(parts["rank"], ranks, "left")
        sizes = np.searchsorted(parts["rank"], ranks, "right") - first
        starts = np.cumsum(sizes) - sizes
        taken = parts[np.arange(sizes.sum()) + np.repeat(first - starts, sizes)]
        found = np.empty(len(taken), PART)
        found["row"] = np.repeat(np.arange(len(ranks), dtype=np.uint32), sizes)
        found["start"], found["end"] = taken["start"], taken["end"]
        found["kept"] = self.ids_by_rank[taken["first_rank"]]
        return np.sort(found, order=("row", "start"))

    # --- how phases reach files ---

    def _scratch(self, *parts: str) -> Path:
        return self.work.scratch(*parts)

    def _map(self, function: Any, tasks: dict[str, Any], text: str) -> list[dict[str, Any]]:
        return self.work.map(function, tasks, workers=self.workers, text=text)

    def _ranks_of(self, shard: int) -> np.ndarray:
        return self.ranks[self.starts[shard] : self.starts[shard + 1]]

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
            str(self._scratch("ranks.npy")),
            tuple(int(self.starts[number]) for number in some),
        )

    def _reduce(self, function: Any, name: str, text: str) -> list[np.ndarray]:
        """The results of all partitions."""
        numbers = range(function.runs.partitions)
        self._map(function, {f"{name}/{number}": number for number in numbers}, text)
        return [read_array(self._scratch(name, f"{number}.npy")) for number in numbers]

    def _gone(self, before: str) -> str:
        """A file that says of each rank whether it is gone before a phase."""
        place = self._scratch(f"gone_before_{before}.npy")
        write_array(place, self.fates["reason"] > 0)
        return str(place)


def _sums(receipts: list[dict[str, Any]], name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for receipt in receipts:
        total.update(receipt[name])
    return dict(sorted(total.items()))
