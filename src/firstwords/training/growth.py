"""Batches and contexts that begin small: cheap, noisy updates first, long and exact ones later.

Both are pure functions of the position in the run, so that a run that continues, or that has another number of ranks,
cuts its steps at the same places.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from firstwords.training.batch import Example


def step_starts(num_positions: int, rows_per_step: int, first_share: float, growth_share: float) -> np.ndarray:
    """Where each step begins in the sequence of rows.

    The batch begins at a share of its full size and doubles at even distances until it is whole (Smith et al. 2018:
    a larger batch late does what a smaller rate does, in fewer updates).

    Args:
        num_positions: Rows of the whole run.
        rows_per_step: Of a whole batch.
        first_share: Of the first batch, as a share of a whole one; 1 keeps the batch as it is.
        growth_share: Share of the rows after which the batch is whole.

    Returns:
        (num_steps + 1,) int64, from 0 to `num_positions`; the last step may be shorter.
    """
    starts = [np.zeros(1, dtype=np.int64)]
    begin = 0
    num_doublings = math.ceil(math.log2(1 / first_share) - 1e-9) if growth_share else 0
    for stage in range(num_doublings + 1):
        last = stage == num_doublings
        rows = rows_per_step if last else max(1, round(rows_per_step * first_share * 2**stage))
        until = num_positions if last else round(num_positions * growth_share * (stage + 1) / num_doublings)
        # Whole batches until the stage is over; only the run's last one is cut.
        num_steps = max(0, -(-(until - begin) // rows))
        ends = begin + rows * np.arange(1, num_steps + 1, dtype=np.int64)
        starts.append(np.minimum(ends, num_positions))
        begin = min(begin + rows * num_steps, num_positions)
    return np.concatenate(starts)


def context_at(progress: float, context: int, first_context: int, growth_share: float) -> int:
    """How far back a token may look at a moment of the run: doubled at even distances until it is the whole context.

    Args:
        progress: Share of the run that is over, from 0.
        context: Tokens of a row.
        first_context: At the beginning.
        growth_share: Share of the run after which nothing is shortened.
    """
    if progress >= growth_share or first_context >= context:
        return context
    num_doublings = math.ceil(math.log2(context / first_context))
    return min(context, first_context * 2 ** int(progress / growth_share * num_doublings))


def shorten(example: Example, length: int) -> Example:
    """The same tokens in documents of at most so many: long ones are cut, so attention looks less far back.

    No token is lost and none is predicted twice; only what it is predicted from becomes shorter.
    """
    bounds = example.document_bounds
    if int(np.diff(bounds).max(initial=0)) <= length:
        return example
    parts = [np.arange(begin, end, length) for begin, end in itertools.pairwise(bounds)]
    return dataclasses.replace(example, bounds=np.concatenate([*parts, bounds[-1:]]).astype(np.int64))
