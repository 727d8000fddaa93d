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
    """

    def __init__(self, rows: Sequence[Example], order: Order, seed: int, epochs: int = 1) -> None:
        self.num_rows = len(rows)
        self.seed = seed
        self.epochs = epochs
        self.ranks: np.ndarray | None = None
        if order != "shuffled":
            difficulty = mean_lengths(rows) if order == "short_first" else mean_surprise(rows)
            self.ranks = np.argsort(np.argsort(difficulty, kind="stable"), kind="stable") / max(1, len(rows) - 1)

    def permutation(self, epoch: int) -> np.ndarray:
        """(R,) int64, the rows in reading order."""
        generator = keyed_generator(self.seed, epoch, 0, "order")
        if self.ranks is None or epoch >= self.epochs:
            return generator.permutation(self.num_rows)
        return np.argsort(WEIGHT * self.ranks + generator.random(self.num_rows), kind="stable")


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
