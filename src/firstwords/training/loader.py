"""Which rows make up a step, and how they are cut into micro-batches and shared among ranks.

The sequence of rows is a pure function of (seed, epoch, row): epochs follow each other without a gap, each a new
permutation (`curriculum.RowOrder`; of several corpora, each its own: `mixed_rows.MixedOrder`), and step `s` reads the
positions from `starts[s]` on. Nothing is remembered between steps, so a run that continues, or that has another number
of ranks, sees the same rows in the same steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from firstwords.training.batch import Draws, Example
from firstwords.training.curriculum import RowOrder
from firstwords.training.growth import shorten, step_starts
from firstwords.training.mixed_rows import MixedOrder


@dataclass(frozen=True)
class MicroBatch:
    """Examples that go through the model together, and their random numbers.

    Attributes:
        is_idle: The pass only keeps this rank in step with the others; nothing of it counts.
        placed: The batch on its device, where it was made ahead (`training.ahead`).
    """

    examples: list[Example]
    draws: Draws
    is_idle: bool = False
    placed: Any = None

    @property
    def num_tokens(self) -> int:
        """Tokens of all examples that count."""
        return 0 if self.is_idle else sum(map(len, self.examples))


class Loader:
    """The rows of every step of a run.

    Args:
        rows: The data set; read by index, so it may lie on disk.
        seed: Of the run.
        rows_per_step: Rows of one update, over all ranks.
        num_positions: Rows of the whole run, repetitions counted; the last step may be shorter.
        micro_tokens: The most tokens of a micro-batch (a single longer example is a micro-batch of its own).
        rank: This rank's number.
        num_ranks: Every step is cut into at least so many micro-batches, as far as it has rows.
        starts: Where each step begins in the sequence of rows (`growth.step_starts`), if not all are alike.
        order: Permutations of the rows; shuffled by default.
        context: How far back a token looks, by the share of the run that is over; None = the whole row.
        in_step: Every rank gets equally many micro-batches, idle ones where there are not enough.
    """

    def __init__(
        self,
        rows: Sequence[Example],
        *,
        seed: int,
        rows_per_step: int,
        num_positions: int,
        micro_tokens: int,
        rank: int = 0,
        num_ranks: int = 1,
        starts: np.ndarray | None = None,
        order: RowOrder | MixedOrder | None = None,
        context: Callable[[float], int] | None = None,
        in_step: bool = False,
    ) -> None:
        self.rows = rows
        self.in_step = in_step
        self.seed = seed
        self.num_positions = num_positions
        self.starts = step_starts(num_positions, rows_per_step, 1.0, 0.0) if starts is None else starts
        self.num_steps = len(self.starts) - 1
        self.order = order or RowOrder(rows, "shuffled", seed)
        self.context = context
        self.micro_tokens = micro_tokens
        self.rank = rank
        self.num_ranks = num_ranks

    def keys(self, step: int) -> list[tuple[int, int]]:
        """(epoch, index into the data set) of every row of a step, in reading order."""
        return self.order.keys(range(int(self.starts[step]), int(self.starts[step + 1])))

    def micro_batches(self, step: int) -> list[MicroBatch]:
        """The share of a step that this rank computes.

        The cut depends on the step's rows only (and on the number of ranks where there would be too few pieces).
        """
        keys = self.keys(step)
        examples = [self.rows[index] for _, index in keys]
        if self.context is not None:
            length = self.context(int(self.starts[step]) / self.num_positions)
            examples = [shorten(example, length) for example in examples]
        pieces = cut(examples, self.micro_tokens, self.num_ranks)
        found = [
            MicroBatch(
                [examples[i] for i in piece],
                Draws(
                    self.seed,
                    tuple((keys[i][0], examples[i].row) for i in piece),
                    progress=step / self.num_steps,
                ),
            )
            for piece in pieces
        ]
        return shared(found, self.rank, self.num_ranks, self.in_step)


def shared(batches: list[MicroBatch], rank: int, num_ranks: int, in_step: bool) -> list[MicroBatch]:
    """The micro-batches of a rank.

    Args:
        batches: Of all ranks.
        rank: Number of the rank.
        num_ranks: How many there are.
        in_step: Whether all ranks need equally many; an idle one is a copy of the first (a small one would do, but
            ranks that wait for the others gain nothing by it).
    """
    mine = batches[rank::num_ranks]
    if in_step and len(mine) < -(-len(batches) // num_ranks):
        mine.append(replace(batches[0], is_idle=True))
    return mine


def cut(examples: Sequence[Example], micro_tokens: int, num_pieces: int = 1) -> list[list[int]]:
    """Group examples of similar length into micro-batches.

    Rows of one length stay in reading order; others are sorted by length, the longest first, so that attention works
    on texts of similar length and a memory overflow shows at once.

    Args:
        examples: Of any lengths.
        micro_tokens: The most tokens of a piece.
        num_pieces: At least so many pieces, unless there are fewer examples.

    Returns:
        Positions of the examples of each piece.
    """
    lengths = [len(example) for example in examples]
    limit = min(micro_tokens, max(1, -(-sum(lengths) // num_pieces)))
    pieces: list[list[int]] = []
    filled = 0
    for position in sorted(range(len(examples)), key=lambda i: -lengths[i]):  # sorted() keeps ties in reading order
        if not pieces or filled + lengths[position] > limit:
            pieces.append([])
            filled = 0
        pieces[-1].append(position)
        filled += lengths[position]
    return pieces


def validation_batches(rows: Sequence[Example], seed: int, micro_tokens: int) -> list[MicroBatch]:
    """All rows of a held-out set once, with random numbers that are the same at every evaluation."""
    examples = [rows[index] for index in range(len(rows))]
    return [
        MicroBatch(
            [examples[i] for i in piece],
            Draws(seed, tuple((0, examples[i].row) for i in piece), evaluating=True),
        )
        for piece in cut(examples, micro_tokens)
    ]
