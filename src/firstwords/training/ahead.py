"""Batches of the next step, made and sent while the device still works on this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from firstwords.training.loader import Loader, MicroBatch


class Ahead:
    """Gives the micro-batches of each step; those of the next can be made before it begins.

    A GPU is handed its work and goes on by itself, so the processor is free until it must know the loss. What is made
    then is what would have been made later: batches are a pure function of the step.

    Args:
        loader: Of the run.
        place: Makes the batch of a micro-batch, on its device; None = nothing is made ahead, as on a processor, which
            would only do the same work at another time.
    """

    def __init__(self, loader: Loader, place: Callable[[MicroBatch], Any] | None) -> None:
        self._loader = loader
        self._place = place
        self._ready: tuple[int, list[MicroBatch]] | None = None

    def micro_batches(self, step: int) -> list[MicroBatch]:
        """The share of a step that this rank computes."""
        if self._ready is not None and self._ready[0] == step:
            batches = self._ready[1]
            self._ready = None
            return batches
        return self._loader.micro_batches(step)

    def prepare(self, step: int) -> None:
        """Make the batches of a step, if there is such a step."""
        if self._place is None or step >= self._loader.num_steps:
            return
        batches = self._loader.micro_batches(step)
        self._ready = step, [replace(each, placed=self._place(each)) for each in batches]
