"""Rows of several corpora, read by the weights of a mixture."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import overload

import numpy as np

from firstwords.data.mixture import Mixture, Phases
from firstwords.training.batch import Example
from firstwords.training.curriculum import Order, RowOrder


class MixedRows(Sequence[Example]):
    """The rows of all parts, one part after another; a row's number is that of its place here.

    Args:
        parts: Name to rows; none empty.
        weights: Name to weight; a name that is not there has none.
        final: The weights of the last rows of a run, where they are others.
        final_share: Share of the run's rows that are read by them.
    """

    def __init__(
        self,
        parts: Mapping[str, Sequence[Example]],
        weights: Mapping[str, float],
        final: Mapping[str, float] | None = None,
        final_share: float = 0.0,
    ) -> None:
        self.names = list({**weights, **(final or {})})
        self.parts = [parts[name] for name in self.names]
        self.weights, self.final, self.final_share = weights, final, final_share
        self.starts = np.cumsum([0, *map(len, self.parts)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def mixture(self, num_positions: int) -> Mixture | Phases:
        """Which part each of a run's rows comes from.

        Args:
            num_positions: Rows of the run.
        """
        phases = [self.weights, *([self.final] if self.final else [])]
        table = [[each.get(name, 0.0) for name in self.names] for each in phases]
        if len(table) == 1:
            return Mixture(table[0])
        return Phases(table, [num_positions - round(num_positions * self.final_share)])

    @overload
    def __getitem__(self, number: int) -> Example: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Example]: ...
    def __getitem__(self, number: int | slice) -> Example | Sequence[Example]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(f"row {number} of {len(self)}")
        number %= len(self)
        part = int(np.searchsorted(self.starts, number, side="right")) - 1
        # Draws are keyed by the row's number, which must not be that of another part's row.
        return dataclasses.replace(self.parts[part][number - int(self.starts[part])], row=number)


class MixedOrder:
    """Which row comes at which position: the mixture says of which part, and each part has epochs of its own.

    So every row of a part is read once before any of it is read again, whatever its weight.

    Args:
        rows: Of all parts.
        order: Of each part (`curriculum.RowOrder`).
        seed: Of the run.
        num_positions: Rows of the run.
    """

    def __init__(self, rows: MixedRows, order: Order, seed: int, num_positions: int) -> None:
        self.rows = rows
        self.mixture = rows.mixture(num_positions)
        self.orders = [RowOrder(part, order, seed, part=number) for number, part in enumerate(rows.parts)]

    def keys(self, positions: range) -> list[tuple[int, int]]:
        """(epoch of its part, number in `rows`) of the rows at some positions of the run."""
        found = []
        for position in positions:
            part, number = self.mixture.place(position)
            ((epoch, row),) = self.orders[part].keys(range(number, number + 1))
            found.append((epoch, int(self.rows.starts[part]) + row))
        return found
