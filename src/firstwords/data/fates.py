"""What happens to each document of a corpus, decided step by step and kept in files by rank.

Nothing here holds an entry for each document in memory, only blocks and windows of files (`file_array`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firstwords.data.file_array import ArrayWriter, FileArray

EXACT, SIMILAR, SHORTENED, URL, TOO_SHORT = 1, 2, 3, 4, 5
FATE = np.dtype([("reason", np.uint8), ("score", np.float64), ("kept", np.uint64), ("copies", np.uint32)])
"""What happens to a document: `reason` 0 when it stays, and then for how many documents it stands, itself included;
otherwise why it goes, with which score and for which one (its id as a number)."""


@dataclass(frozen=True)
class Ranking:
    """The order of all documents, in files.

    `ranks` is the rank of each document, numbered through all shards in order; by rank, `documents` is that number and
    `ids` the id as a number. `starts` is where each shard begins, and the number of documents.
    """

    ranks: str
    documents: str
    ids: str
    starts: tuple[int, ...]

    def __len__(self) -> int:
        return self.starts[-1]

    def ranks_of(self, shard: int) -> np.ndarray:
        """(rows,) ranks of the documents of a shard."""
        return FileArray(Path(self.ranks)).read(*self.starts[shard : shard + 2])

    def places(self, ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shard and row of some documents."""
        documents = FileArray(Path(self.documents)).gather(ranks).astype(np.int64)
        shards = np.searchsorted(self.starts, documents, "right") - 1
        return shards, documents - np.array(self.starts)[shards]

    def ids_of(self, ranks: np.ndarray) -> np.ndarray:
        """Ids as numbers."""
        return FileArray(Path(self.ids)).gather(ranks)


@dataclass(frozen=True)
class Fates:
    """The fates of all documents: files in a folder, by rank; `kept` is a rank."""

    folder: str

    @classmethod
    def new(cls, folder: Path, number: int) -> Fates:
        """So many documents, all of which stay."""
        for name, kind in (("reason", np.uint8), ("score", np.float64), ("kept", np.uint32), ("copies", np.uint32)):
            FileArray.zeros(folder / f"{name}.npy", number, kind)
        return cls(str(folder))

    def column(self, name: str) -> FileArray:
        """`reason`, `score`, `kept` or `copies`."""
        return FileArray(Path(self.folder) / f"{name}.npy")

    def drop(
        self, losers: np.ndarray, reason: int, scores: np.ndarray | float, winners: np.ndarray | None = None
    ) -> None:
        """Let documents go, each for another one if `winners` are given."""
        self.column("reason").scatter(losers, reason)
        self.column("score").scatter(losers, scores)
        if winners is not None:
            self.column("kept").scatter(losers, winners)

    def gone(self, ranks: np.ndarray) -> np.ndarray:
        """(R,) whether documents are gone by now."""
        return self.column("reason").gather(ranks) > 0

    def write_gone(self, place: Path) -> None:
        """Write a file that says of each rank whether it is gone by now."""
        with ArrayWriter(place, np.bool_) as file:
            for _, reasons in self.column("reason").blocks():
                file.write(reasons > 0)

    def name_survivors(self) -> None:
        """What went for one that went itself later names the one that stays; count whom each one stands for."""
        kept, copies = self.column("kept"), self.column("copies")
        for gone in self._gone_for_another():
            winners = kept.gather(gone)
            while (moved := self.gone(winners)).any():
                # A step lets a document go only for one that stays in that step, so there are no circles.
                winners[moved] = kept.gather(winners[moved])
            kept.scatter(gone, winners)
            survivors, numbers = np.unique(winners, return_counts=True)
            copies.scatter(survivors, copies.gather(survivors) + numbers.astype(np.uint32))

    def _gone_for_another(self) -> Iterator[np.ndarray]:
        for first, reasons in self.column("reason").blocks():
            yield first + np.flatnonzero((reasons > 0) & (reasons != TOO_SHORT))

    def standing_for_others(self, num_old: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Ranks, from `num_old`, of documents that others went for, and for how many each stands, itself included."""
        for first, copies in self.column("copies").blocks():
            some = first + np.flatnonzero(copies)
            some = some[some >= num_old]
            yield some, copies[some - first] + 1

    def of(self, ranks: np.ndarray, ranking: Ranking) -> np.ndarray:
        """Records `FATE` of some documents, after `name_survivors`."""
        fates = np.empty(len(ranks), FATE)
        fates["reason"] = self.column("reason").gather(ranks)
        fates["score"] = self.column("score").gather(ranks)
        fates["kept"] = ranking.ids_of(self.column("kept").gather(ranks))
        fates["copies"] = self.column("copies").gather(ranks) + np.uint32(1)
        return fates
