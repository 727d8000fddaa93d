"""The live line in the terminal."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firstwords.stage import Work
from firstwords.training.tracker import Tracker


@dataclass(frozen=True, kw_only=True)
class Console(Tracker):
    """Step, loss, bits per byte once known, what is forgotten of general text, tokens per second.

    The time left is the console's own.

    Attributes:
        every_seconds: The line is renewed at most this often.
        flops_per_token: Of training; with `peak_flops` the line tells the share of the machine's peak.
        peak_flops: Operations a second, measured.
    """

    every_seconds: float = 0.5
    flops_per_token: float | None = None
    peak_flops: float | None = None

    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function that renews the line."""
        shown = -math.inf
        tokens = 0
        seconds = 0.0
        loss: float | None = None
        bits_per_byte: float | None = None
        forgetting: float | None = None
        speed: float | None = None

        def show(record: dict[str, Any]) -> None:
            nonlocal shown, tokens, seconds, loss, bits_per_byte, forgetting, speed
            if "loss" in record:
                loss = record["loss"] if loss is None else 0.9 * loss + 0.1 * record["loss"]
            bits_per_byte = record.get("bits_per_byte", bits_per_byte)
            forgetting = record.get("forgetting", forgetting)
            tokens += record["step_tokens"]
            seconds += record["seconds"]
            now = time.monotonic()
            if not seconds or (now - shown < self.every_seconds and record["step"] < num_steps):
                return
            speed = tokens / seconds if speed is None else 0.7 * speed + 0.3 * tokens / seconds
            shown, tokens, seconds = now, 0, 0.0
            parts = [f"step {record['step']:,}/{num_steps:,}", f"loss {loss:.3f}"]
            parts += [f"{bits_per_byte:.3f} bits/byte"] if bits_per_byte is not None else []
            parts += [f"general text {forgetting:+.1%}"] if forgetting is not None else []
            parts += [f"{speed:,.0f} tokens/s"]
            if self.flops_per_token and self.peak_flops:
                parts += [f"{speed * self.flops_per_token / self.peak_flops:.0%} of peak"]
            work.progress("   ".join(parts), record["step"], num_steps)

        return show
