"""De-duplication of a corpus, phase by phase: describe every shard, decide globally, write what stays.

Heavy phases are maps over shards or reductions of partitions that any pool may run (`firstwords.data.duplicates`); what
is decided here, from arrays with one entry for each document or pair, is little: ranks, fates and survivors.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firstwords.artifact import write_json
from firstwords.data.duplicates import (
    ORDER,
    REPEATED,
    DescribeShard,
    FindCandidates,
    FindEqual,
    FindRepeatedParagraphs,
    Runs,
    ShingleShard,
    VerifyPairs,
    choose_survivors,
    id_text,
    rank_documents,
    unpack_pairs,
)
from firstwords.data.minhash import MinHash
from firstwords.data.shuffle import count_partitions, read_array, records, write_array
from firstwords.data.survivors import EXACT, FATE, SIMILAR, Survivors
from firstwords.stage import Work

PAIRS_A_TASK = 200_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to take out; see the fields of `firstwords.stages.deduplicate.Deduplicate`."""

    minhash: MinHash | None
    threshold: float
    paragraph_words: int
    min_words: int
    sources_first: tuple[str, ...]


class Deduplication:
    """One run over a corpus.

    Args:
        settings: What to take out.
        work: Where files go and tasks run.
        shards: Key to Parquet file of documents, in key order.
        workers: At most so many processes; None for as many as the pool has.
    """

    def __init__(self, settings: Settings, work: Work, shards: dict[str, str], workers: int | None = None) -> None:
        self.settings, self.work, self.shards, self.workers = settings, work, shards, workers

    def run(self) -> dict[str, Any]:
        """Run all phases; returns counts: kept, dropped by rule, clusters, paragraphs_removed, splits."""
        self._describe()
        self._drop_equal()
        if self.settings.minhash:
            pairs = self._find_candidates()
            self._drop_similar(pairs, self._verify(pairs))
        repeated = self._find_repeated_paragraphs()
        clusters = self._write_clusters()
        receipts = self._write_survivors(repeated)
        dropped: Counter[str] = Counter()
        splits: Counter[str] = Counter()
        for receipt in receipts:
            dropped.update(receipt["dropped"])
            splits.update(receipt["splits"])
        return {
            "kept": sum(receipt["rows_out"] for receipt in receipts),
            "dropped": dict(sorted(dropped.items())),
            "clusters": clusters,
            "paragraphs_removed": len(repeated),
            "splits": dict(sorted(splits.items())),
        }

    # --- phases ---

    def _describe(self) -> None:
        """Read every document once; rank all of them."""
        settings = self.settings
        describe = DescribeShard(settings.minhash, settings.paragraph_words, settings.sources_first)
        tasks = {f"describe/{key}": (key, path) for key, path in self.shards.items()}
        self.described = self._map(describe, tasks, "reading")
        self.starts = np.concatenate(([0], np.cumsum([receipt["rows_in"] for receipt in self.described]))).astype(int)
        orders = [read_array(self._scratch("describe", key, "order.npy")) for key in self.shards]
        order = np.concatenate([np.empty(0, ORDER), *orders])
        self.ranks = rank_documents(order)
        self.ids_by_rank = np.empty(len(order), np.uint64)
        self.ids_by_rank[self.ranks] = order["id"]
        write_array(self._scratch("ranks.npy"), self.ranks)
        # By rank from here on. `kept` is a rank too.
        self.fates = np.zeros(len(self.ranks), FATE)

    def _drop_equal(self) -> None:
        found = self._reduce(FindEqual(self._runs("exact", "rows_in")), "equal", "comparing texts")
        for part in found:
            self.fates["reason"][part["loser"]] = EXACT
            self.fates["score"][part["loser"]] = 1.0
            self.fates["kept"][part["loser"]] = part["winner"]

    def _find_candidates(self) -> np.ndarray:
        """Packed pairs of ranks that share a band, without those that are gone by now."""
        parts = self._reduce(
            FindCandidates(self._runs("bands", "bands"), self._gone("equal")), "candidates", "comparing signatures"
        )
        pairs = np.unique(np.concatenate([np.empty(0, np.uint64), *parts]))
        write_array(self._scratch("pairs.npy"), pairs)
        return pairs

    def _verify(self, pairs: np.ndarray) -> np.ndarray:
        """The exact similarity of each pair."""
        assert self.settings.minhash
        wanted = np.zeros(len(self.ranks), bool)
        wanted[np.concatenate(unpack_pairs(pairs))] = True
        documents = np.zeros(len(self.ranks), [("shard", np.uint32), ("position", np.uint32)])  # by rank
        tasks, folders = {}, []
        for number, (key, path) in enumerate(self.shards.items()):
            ranks = self._ranks_of(number)
            rows = np.flatnonzero(wanted[ranks]).astype(np.uint32)
            documents["shard"][ranks[rows]], documents["position"][ranks[rows]] = number, np.arange(len(rows))
            write_array(self._scratch("wanted", f"{key}.npy"), rows)
            folders.append(str(self._scratch("shingles", key)))
            if len(rows):
                tasks[f"shingles/{key}"] = (key, path, str(self._scratch("wanted", f"{key}.npy")))
        write_array(self._scratch("documents.npy"), documents)
        self._map(ShingleShard(self.settings.minhash), tasks, "reading candidates")
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
            self.fates[loser] = (SIMILAR, score, winner)
        # Equal texts went for one that may itself be gone now: name the one that stays.
        equal = np.flatnonzero(self.fates["reason"] == EXACT)
        winners = self.fates["kept"][equal]
        moved = self.fates["reason"][winners] == SIMILAR
        self.fates["kept"][equal[moved]] = self.fates["kept"][winners[moved]]

    def _find_repeated_paragraphs(self) -> np.ndarray:
        """Records (rank, index) of the paragraphs to take out."""
        if not self.settings.paragraph_words:
            return np.empty(0, REPEATED)
        runs = self._runs("paragraphs", "paragraphs")
        parts = self._reduce(FindRepeatedParagraphs(runs, self._gone("similar")), "repeated", "comparing paragraphs")
        return np.concatenate([np.empty(0, REPEATED), *parts])

    def _write_clusters(self) -> int:
        """Write `clusters.json` and return how many documents stand for others too."""
        kept = self.fates["kept"][self.fates["reason"] > 0]
        sizes = Counter(map(id_text, self.ids_by_rank[kept].tolist()))
        write_json(self.work.path("clusters.json"), {name: size + 1 for name, size in sorted(sizes.items())})
        return len(sizes)

    def _write_survivors(self, repeated: np.ndarray) -> list[dict[str, Any]]:
        repeated = np.sort(repeated, order=("rank", "index"))
        tasks = {}
        for number, (key, path) in enumerate(self.shards.items()):
            ranks = self._ranks_of(number)
            fates = self.fates[ranks]
            fates["kept"] = self.ids_by_rank[fates["kept"]]
            decided = [str(self._scratch("decided", key, name)) for name in ("fates.npy", "repeated.npy")]
            write_array(Path(decided[0]), fates)
            write_array(Path(decided[1]), _repeated_rows(repeated, ranks))
            tasks[key] = (key, path, *decided)
        return self._map(Survivors(self.settings.paragraph_words, self.settings.min_words), tasks, "writing")

    # --- how phases reach files ---

    def _scratch(self, *parts: str) -> Path:
        return self.work.scratch(*parts)

    def _map(self, function: Any, tasks: dict[str, Any], text: str) -> list[dict[str, Any]]:
        return self.work.map(function, tasks, workers=self.workers, text=text)

    def _ranks_of(self, shard: int) -> np.ndarray:
        return self.ranks[self.starts[shard] : self.starts[shard + 1]]

    def _runs(self, kind: str, counted: str) -> Runs:
        """The runs of a kind; `counted` names the number in the receipts that says how many records they have."""
        places = tuple(str(self._scratch("describe", key, f"{kind}.npy")) for key in self.shards)
        partitions = count_partitions(sum(receipt[counted] for receipt in self.described)) if self.shards else 0
        return Runs(places, partitions, str(self._scratch("ranks.npy")), tuple(self.starts.tolist()))

    def _reduce(self, function: Any, name: str, text: str) -> list[np.ndarray]:
        """The results of all partitions."""
        numbers = range(function.runs.partitions)
        self._map(function, {f"{name}/{number}": number for number in numbers}, text)
        return [read_array(self._scratch(name, f"{number}.npy")) for number in numbers]

    def _gone(self, after: str) -> str:
        """A file that says of each rank whether it is gone after a phase."""
        place = self._scratch(f"gone_after_{after}.npy")
        write_array(place, self.fates["reason"] > 0)
        return str(place)


def _repeated_rows(repeated: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """The repeated paragraphs of one shard as records (row, index), sorted.

    Args:
        repeated: Records (rank, index), sorted.
        ranks: (rows,) of the documents of the shard.
    """
    first = np.searchsorted(repeated["rank"], ranks, "left")
    sizes = np.searchsorted(repeated["rank"], ranks, "right") - first
    starts = np.cumsum(sizes) - sizes
    taken = np.arange(sizes.sum()) + np.repeat(first - starts, sizes)
    return records(row=np.repeat(np.arange(len(ranks), dtype=np.uint32), sizes), index=repeated["index"][taken])
