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
        flops_per_token: Of training; with `peak_flops` a line tells the share of the machine's peak.
        peak_flops: Operations a second, measured.
    """

    every_seconds: float = 5.0
    flops_per_token: float | None = None
    peak_flops: float | None = None

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
            speed = tokens / seconds if seconds else None
            fields["tokens_per_second"] = None if speed is None else round(speed, 1)
            if speed is not None and self.flops_per_token and self.peak_flops:
                fields["peak_share"] = round(speed * self.flops_per_token / self.peak_flops, 3)
            work.event("step", **fields)
            written, tokens, seconds = now, 0, 0.0

        return write
