"""In which order the rows of an epoch come: shuffled, or the short or simple ones sooner.

Every row is still read exactly once an epoch, and an order is a pure function of (seed, epoch), so it can be asked for
at any step of any run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from firstwords.training.batch import Example, keyed_generator

Order = Literal["shuffled", "short_first", "simple_first"]

# Against one unit of noise: with a weight of two the easiest and the hardest row never meet, neighbours still mix.
WEIGHT = 2.0


class RowOrder:
    """Permutations of the rows of a data set.

    Args:
        rows: The data set; read once where their difficulty counts.
        order: `short_first`: rows of short documents; `simple_first`: rows of frequent tokens.
        seed: Of the run.
        epochs: So many first epochs are ordered, the rest shuffled.
        part: Number of the data set among several of one run, whose orders must not be alike.
    """

    def __init__(self, rows: Sequence[Example], order: Order, seed: int, epochs: int = 1, part: int = 0) -> None:
        self.num_rows = len(rows)
        self.part = part
        self._made: dict[int, np.ndarray] = {}
        self.seed = seed
        self.epochs = epochs
        self.ranks: np.ndarray | None = None
        if order != "shuffled":
            difficulty = mean_lengths(rows) if order == "short_first" else mean_surprise(rows)
            self.ranks = np.argsort(np.argsort(difficulty, kind="stable"), kind="stable") / max(1, len(rows) - 1)

    def permutation(self, epoch: int) -> np.ndarray:
        """(R,) int64, the rows in reading order."""
        generator = keyed_generator(self.seed, epoch, self.part, "order")
        if self.ranks is None or epoch >= self.epochs:
            return generator.permutation(self.num_rows)
        return np.argsort(WEIGHT * self.ranks + generator.random(self.num_rows), kind="stable")

    def keys(self, positions: range) -> list[tuple[int, int]]:
        """(epoch, number of the row) at some positions of the run: epochs follow each other without a gap."""
        places = (divmod(position, self.num_rows) for position in positions)
        return [(epoch, int(self._permutation(epoch)[place])) for epoch, place in places]

    def _permutation(self, epoch: int) -> np.ndarray:
        """Only the two latest are kept, since a step touches at most its own few."""
        if epoch not in self._made:
            self._made = {old: order for old, order in self._made.items() if old == epoch - 1}
            self._made[epoch] = self.permutation(epoch)
        return self._made[epoch]


def mean_lengths(rows: Sequence[Example]) -> np.ndarray:
    """(R,) tokens of a document, on average over the documents of a row."""
    return np.array([len(row) / max(1, len(row.document_bounds) - 1) for row in rows])


def mean_surprise(rows: Sequence[Example]) -> np.ndarray:
    """(R,) nats a token under the frequencies of the whole data set: rare words make a row hard.

    Source: Platanios et al. 2019 (Competence-based curriculum learning), section 3.1.
    """
    counts = np.zeros(1, dtype=np.int64)
    for row in rows:
        found = np.bincount(row.input_ids)
        if len(found) > len(counts):
            counts = np.pad(counts, (0, len(found) - len(counts)))
        counts[: len(found)] += found
    nats = -np.log(np.maximum(counts, 1) / max(1, counts.sum()))
    return np.array([nats[row.input_ids].mean() for row in rows])
