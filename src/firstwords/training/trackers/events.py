"""Lines in the artifact's `events.jsonl`, with times."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firstwords.stage import Work
from firstwords.training.tracker import Tracker


@dataclass(frozen=True, kw_only=True)
class Events(Tracker):
    """Every evaluation, and between them a step now and then.

    Attributes:
        every_seconds: Steps without an evaluation are written at most this often.
    """

    every_seconds: float = 5.0

    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function that writes the line."""
        written = -math.inf
        tokens = 0
        seconds = 0.0

        def write(record: dict[str, Any]) -> None:
            nonlocal written, tokens, seconds
            tokens += record["step_tokens"]
            seconds += record["seconds"]
            now = time.monotonic()
            is_wanted = "validation_loss" in record or record["step"] == num_steps
            if not is_wanted and now - written < self.every_seconds:
                return
            fields = {key: value for key, value in record.items() if key not in ("seconds", "step_tokens", "samples")}
            work.event("step", **fields, tokens_per_second=round(tokens / seconds, 1) if seconds else None)
            written, tokens, seconds = now, 0, 0.0

        return write
