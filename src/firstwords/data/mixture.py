"""Several corpora read as one: which of them each row of a run comes from, exactly by their weights (which may change
once, or more often, during the run).

The parts follow a pattern that repeats, so the part of any row, and how many rows of each part came before it, are
known without looking at the rows before: a run may continue anywhere and have any number of ranks.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from firstwords.errors import RecipeError

# Shares are whole numbers of this many rows; the pattern is held in memory.
LONGEST_PATTERN = 10_000


class Mixture:
    """The order of the parts.

    Args:
        weights: Of each part, above 0; they need not add up to 1.

    Attributes:
        shares: Exact shares of the parts, in the order of the weights.
        pattern: (L,) the part of each of the first L rows; then it begins anew.

    Raises:
        RecipeError: If there is no part, a weight is not above 0, or a share is too small for the pattern.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        if not weights or any(not math.isfinite(weight) or weight <= 0 for weight in weights):
            raise RecipeError(f"the weights of a mixture must be above 0, and there must be one: {list(weights)}")
        self.shares = _shares([Fraction(str(weight)) for weight in weights])
        if min(self.shares) == 0:
            raise RecipeError(f"a part of a mixture has less than one row in {LONGEST_PATTERN:,}: {list(weights)}")
        self.pattern = _spread(self.shares)
        # before[i, s]: rows of part s among the first i of the pattern.
        marks = self.pattern[:, None] == np.arange(len(weights))
        self._before = np.concatenate([np.zeros((1, len(weights)), np.int64), np.cumsum(marks, axis=0)])

    def place(self, position: int) -> tuple[int, int]:
        """Part of a row of the run, and how many rows of that part came before it."""
        part = int(self.pattern[position % len(self.pattern)])
        return part, int(self.counts(position)[part])

    def counts(self, position: int) -> np.ndarray:
        """(S,) rows of each part among the first `position` of the run, never a whole row off its share."""
        whole, rest = divmod(position, len(self.pattern))
        return np.asarray(whole * self._before[-1] + self._before[rest])


class Phases:
    """Mixtures of the same parts, one after another; every part goes on where it was.

    Args:
        weights: Of each phase, (S,); 0 where a phase leaves a part out.
        starts: The row of the run with which each phase but the first begins, ascending.

    Raises:
        RecipeError: As for `Mixture`, or if no phase has a part.
    """

    def __init__(self, weights: Sequence[Sequence[float]], starts: Sequence[int]) -> None:
        if not all(map(any, zip(*weights, strict=True))):
            raise RecipeError(f"a part of a mixture has a weight in no phase: {list(map(list, weights))}")
        self._starts = [0, *starts]
        self._parts = [np.flatnonzero(each) for each in weights]
        self._mixtures = [
            Mixture([each[part] for part in parts.tolist()]) for each, parts in zip(weights, self._parts, strict=True)
        ]
        # (P, S) rows of each part before each phase.
        self._before = np.zeros((len(weights), len(weights[0])), np.int64)
        for phase, (start, end) in enumerate(zip(self._starts, self._starts[1:], strict=False)):
            self._before[phase + 1] = self._before[phase] + self._within(phase, end - start)

    def place(self, position: int) -> tuple[int, int]:
        """Part of a row of the run, and how many rows of that part came before it."""
        phase = bisect.bisect_right(self._starts, position) - 1
        place, number = self._mixtures[phase].place(position - self._starts[phase])
        part = int(self._parts[phase][place])
        return part, int(self._before[phase, part]) + number

    def counts(self, position: int) -> np.ndarray:
        """(S,) rows of each part among the first `position` of the run."""
        phase = bisect.bisect_right(self._starts, position) - 1
        return np.asarray(self._before[phase] + self._within(phase, position - self._starts[phase]))

    def _within(self, phase: int, position: int) -> np.ndarray:
        found = np.zeros(self._before.shape[1], np.int64)
        found[self._parts[phase]] = self._mixtures[phase].counts(position)
        return found


def shares_of(
    weights: Mapping[str, float], final: Mapping[str, float] | None = None, final_share: float = 0.0
) -> dict[str, float]:
    """Names to shares of a whole run that add up to 1, as mixtures of these weights give them.

    Args:
        weights: Name to weight.
        final: The weights of the last rows, where they are others.
        final_share: Share of the rows that are read by them.
    """
    made = Mixture(list(weights.values()))
    shares = {name: float(share) for name, share in zip(weights, made.shares, strict=True)}
    if not final:
        return shares
    last = shares_of(final)
    return {n: (1 - final_share) * shares.get(n, 0.0) + final_share * last.get(n, 0.0) for n in {**shares, **last}}


def _shares(weights: Sequence[Fraction]) -> list[Fraction]:
    """Shares whose common denominator is at most the longest pattern; rounded by the largest remainders if need be."""
    total = sum(weights)
    shares = [weight / total for weight in weights]
    if math.lcm(*(share.denominator for share in shares)) <= LONGEST_PATTERN:
        return shares
    exact = [share * LONGEST_PATTERN for share in shares]
    rows = [int(each) for each in exact]
    by_remainder = sorted(range(len(rows)), key=lambda i: (rows[i] - exact[i], i))
    for i in by_remainder[: LONGEST_PATTERN - sum(rows)]:
        rows[i] += 1
    return [Fraction(number, LONGEST_PATTERN) for number in rows]


def _spread(shares: Sequence[Fraction]) -> np.ndarray:
    """Parts in an order in which each keeps as close to its share as is possible.

    Source: Tijdeman 1980 (The chairman assignment problem): of those that would not run ahead, the one whose next turn
    is due first; no count is ever more than 1 - 1 / (2 S - 2) off.
    """
    length = math.lcm(*(share.denominator for share in shares))
    if len(shares) == 1:
        return np.zeros(length, np.int64)
    # In whole numbers: everything times `length * (2 S - 2)`.
    scale = 2 * len(shares) - 2
    rows = [int(share * length) for share in shares]
    counts = [0] * len(shares)
    found = np.empty(length, np.int64)
    for step in range(1, length + 1):
        best, due = -1, Fraction(0)
        for part, number in enumerate(rows):
            lag = (number * step - counts[part] * length) * scale
            if lag < length:
                continue
            moment = Fraction(length * (scale - 1) - lag, number)
            if best < 0 or moment < due:
                best, due = part, moment
        counts[best] += 1
        found[step - 1] = best
    return found
