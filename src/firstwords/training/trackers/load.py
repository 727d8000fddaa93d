"""A warning where other programs slow training down."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firstwords.compute.devices import best_device
from firstwords.machine import num_cores
from firstwords.stage import Work
from firstwords.training.tracker import Tracker

BESIDE_A_GPU = 2
"""Cores that training keeps busy there: one hands over the work, one makes the next batch."""


@dataclass(frozen=True, kw_only=True)
class Load(Tracker):
    """Says when others keep so many cores busy that training has to wait for one.

    A thread that waits for a core holds up all others at every product, so that a whole step can take several times as
    long as the share of the core suggests.

    Attributes:
        every_seconds: The load is averaged over.
        quiet_seconds: Between two warnings.
        too_many_cores: Others may keep the cores that training does not use busy, and this much of one more.
    """

    every_seconds: float = 15.0
    quiet_seconds: float = 300.0
    too_many_cores: float = 0.3

    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function that looks at the load."""
        from firstwords.training.foreign_load import ForeignLoad

        load, began, warned = ForeignLoad(), time.monotonic(), None
        own = work.threads if best_device() == "cpu" else min(work.threads, BESIDE_A_GPU)

        def look(record: dict[str, Any]) -> None:
            nonlocal load, began, warned
            now = time.monotonic()
            if now - began < self.every_seconds:
                return
            busy = load.cores()
            load, began = ForeignLoad(), now
            if busy is None or busy <= num_cores() - own + self.too_many_cores:
                return
            work.event("foreign_load", cores=round(busy, 2), step=record["step"])
            if warned is None or now - warned >= self.quiet_seconds:
                warned = now
                work.note(
                    f"other programs keep {busy:.1f} of {num_cores()} cores busy: training is slower than planned"
                )

        return look
