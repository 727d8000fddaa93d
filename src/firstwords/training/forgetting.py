"""How much of the general text a model forgets while it learns another, and when that is too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from firstwords.training.batch import Example

# Of each held-out text where several are measured again and again. Its bytes per token are those of the whole text.
WATCHED_TOKENS = 2**16


@dataclass(frozen=True)
class Watched:
    """Held-out text of another corpus, measured whenever the run's own is, and before the first step.

    Attributes:
        rows: Of the text; never learnt from.
        bytes_per_token: UTF-8 bytes that a token stands for, on average.
        is_guarded: Whether what is forgotten of it may end the run.
    """

    rows: Sequence[Example]
    bytes_per_token: float
    is_guarded: bool = False


class Thinned(Sequence[Example]):
    """Rows at even distances, as many as have so many tokens: enough to see a change of the whole.

    Args:
        rows: All of one length, but for the last.
        max_tokens: Of the rows that stay; at least one does.
    """

    def __init__(self, rows: Sequence[Example], max_tokens: int) -> None:
        self._rows = rows
        number = min(len(rows), max(1, max_tokens // len(rows[0]))) if len(rows) else 0
        self._places = [len(rows) * each // number for each in range(number)]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, number: int) -> Example: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Example]: ...
    def __getitem__(self, number: int | slice) -> Example | Sequence[Example]:
        if isinstance(number, slice):
            return [self._rows[place] for place in self._places[number]]
        return self._rows[self._places[number]]


class ForgettingLimit:
    """Compares the bits per byte of general text with those before the first step.

    Args:
        limit: The greatest rise, as a share of the first figure; beyond it the run is over. None = there is none.
    """

    def __init__(self, limit: float | None) -> None:
        self.limit = limit
        self.first: float | None = None
        self.is_over = False

    def rise(self, bits_per_byte: float) -> float:
        """The rise since the first figure, as a share of it; every evaluation is asked about once, in order."""
        if self.first is None:
            self.first = bits_per_byte
        found = bits_per_byte / self.first - 1
        self.is_over = self.limit is not None and found > self.limit
        return found

    def state(self) -> dict[str, Any]:
        """JSON values to continue from."""
        return {"first": self.first, "is_over": self.is_over}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.first, self.is_over = state["first"], state["is_over"]
