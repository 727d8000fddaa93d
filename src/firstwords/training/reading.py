"""A run's settings as a loader: how much each step reads, in which order, looking how far back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from firstwords.compute.engine import Engine
from firstwords.errors import RecipeError
from firstwords.training.batch import Example
from firstwords.training.curriculum import RowOrder
from firstwords.training.growth import context_at, step_starts
from firstwords.training.loader import Loader
from firstwords.training.mixed_rows import MixedOrder, MixedRows
from firstwords.training.settings import TrainSettings


def make_loader(rows: Sequence[Example], settings: TrainSettings, engine: Engine) -> Loader:
    """The rows of every step of a run.

    Raises:
        RecipeError: If the batch does not divide into rows, or the context of labelled texts should grow.
    """
    row_tokens = len(rows[0])
    rows_per_step = settings.rows_per_step(row_tokens)
    num_positions = settings.num_positions(len(rows), row_tokens)
    context = None
    if settings.first_context is not None:
        if settings.batch_examples is not None:
            raise RecipeError("first_context cuts packed rows; a labelled text is never cut: leave it out")
        context = partial(
            context_at,
            context=row_tokens,
            first_context=settings.first_context,
            growth_share=settings.context_growth_share,
        )
    return Loader(
        rows,
        seed=settings.seed,
        rows_per_step=rows_per_step,
        num_positions=num_positions,
        micro_tokens=settings.micro_tokens,
        rank=engine.rank,
        num_ranks=engine.num_ranks,
        in_step=engine.in_step,
        starts=step_starts(num_positions, rows_per_step, settings.first_batch_share, settings.batch_growth_share),
        order=_order(rows, settings, num_positions),
        context=context,
    )


def _order(rows: Sequence[Example], settings: TrainSettings, num_positions: int) -> RowOrder | MixedOrder:
    if isinstance(rows, MixedRows):
        return MixedOrder(rows, settings.order, settings.seed, num_positions)
    return RowOrder(rows, settings.order, settings.seed)
