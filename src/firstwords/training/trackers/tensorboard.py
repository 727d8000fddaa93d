"""Curves for TensorBoard: `tensorboard --logdir runs`."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.stage import Work
from firstwords.training.tracker import Tracker

# What a record holds beside the numbers of the step.
LEFT_OUT = ("step", "tokens", "seconds", "step_tokens", "samples")


@dataclass(frozen=True, kw_only=True)
class Tensorboard(Tracker):
    """Every evaluation, and between them a step now and then, against tokens; needs no library.

    Attributes:
        folder: A folder of its own below this one is made for each artifact.
        every_seconds: Steps without an evaluation are written at most this often.
    """

    folder: str = "runs"
    every_seconds: float = 2.0

    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function that writes the numbers of a step."""
        from firstwords.training.event_file import EventFile

        file = EventFile(Path(self.folder) / f"{work.folder.parent.name}-{work.folder.name}")
        written, tokens, seconds = -math.inf, 0, 0.0

        def write(record: dict[str, Any]) -> None:
            nonlocal written, tokens, seconds
            tokens += record["step_tokens"]
            seconds += record["seconds"]
            now, last = time.monotonic(), record["step"] == num_steps
            if not (last or "validation_loss" in record) and now - written < self.every_seconds:
                return
            numbers = {key: value for key, value in record.items() if key not in LEFT_OUT}
            if seconds:
                numbers["tokens_per_second"] = tokens / seconds
            file.add(record["tokens"], numbers)
            written, tokens, seconds = now, 0, 0.0
            if last:
                file.close()

        return write
