"""Speeds of configurations on one machine: measured ones, rehearsed ones, and estimates from them.

No torch here; whatever measures comes in as a function.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any, Protocol

from firstwords.model.config import ModelConfig, Reason
from firstwords.model.cost import training_flops_per_token
from firstwords.training import sizing
from firstwords.training.sizing import Speed

# A size that is set is measured even if the small model before it took long, as it does beside other programs.
SET_SECONDS, SET_PATIENCE = 1.5, 10.0
FEWEST_STEPS = 4
# Half precision is tried where matrix products gain so much by it, and taken where whole steps gain so much.
LEAST_PRODUCT_GAIN, LEAST_GAIN, HALF_SECONDS, HALF_TURNS = 1.3, 1.15, 0.5, 2


class Measure(Protocol):
    """Times a configuration, for about so many seconds at most."""

    def __call__(self, config: ModelConfig, seconds: float, precision: str = "float32") -> Speed:
        """Its speed."""
        ...


Rehearsed = Callable[[str], Speed]
"""The speed of the configuration in question in a precision, from a rehearsal."""


class Speeds:
    """Speeds that were measured, and estimates from them.

    Args:
        measure: The machine.
        predicted_share: Of the tokens, at which the head is applied.
        seconds: That all measuring together may take.
        precision: In which is measured.
    """

    def __init__(self, measure: Measure, predicted_share: float, seconds: float, precision: str = "float32") -> None:
        self._measure = measure
        self.predicted_share = predicted_share
        self.precision = precision
        self._known: dict[ModelConfig, Speed] = {}
        self._left = seconds

    def speed(self, config: ModelConfig) -> Speed:
        """Measured where it was, else estimated."""
        return self._known.get(config) or sizing.estimate(self._known, config, self.predicted_share)

    def is_rehearsed(self, config: ModelConfig) -> bool:
        """Whether a rehearsal said how fast a configuration is."""
        return config in self._known and self._known[config].rehearsed

    def learn(self, config: ModelConfig, speed: Speed) -> None:
        """Take over what a rehearsal found."""
        self._known[config] = speed

    def try_out(self, config: ModelConfig, is_set: bool = False) -> bool:
        """Measure a configuration, unless that was done or there is no time for it.

        Args:
            config: To measure.
            is_set: Whether it will be trained whatever is found; then it may take longer.
        """
        left = max(self._left, SET_SECONDS) if is_set else self._left
        if config in self._known or left <= 0:
            return False
        if self._known:
            guess = self.speed(config)
            most = left + SET_PATIENCE if is_set else left
            if FEWEST_STEPS * (guess.seconds_per_token * config.context + guess.seconds_per_update) > most:
                return False
        begin = time.perf_counter()
        # The first one leaves time for those that it recommends.
        self._known[config] = self._timed(config, left if self._known else left / 3)
        self._left -= time.perf_counter() - begin
        return True

    def measure_again(self, config: ModelConfig) -> None:
        """Measure once more what the speed of a configuration was read off; of two measurements the faster parts count.

        A configuration that was too slow to be measured, by an estimate, is measured if the new one allows it.
        """
        for each in [config] if config in self._known else list(self._known):
            self._known[each] = self._known[each].best(self._timed(each, SET_SECONDS))
        self.try_out(config, is_set=True)

    def _timed(self, config: ModelConfig, seconds: float) -> Speed:
        half = {} if self.precision == "float32" else {"precision": self.precision}
        return self._measure(config, seconds, **half)

    def in_half_precision(self, config: ModelConfig, rehearsed: Rehearsed | None = None) -> tuple[Speeds, Reason]:
        """The machine as it is in bfloat16 if a configuration is clearly faster so, else this one; and why.

        Speeds that were measured in float32 are taken to grow alike, which is less than they do in larger models.

        Args:
            config: Which is compared.
            rehearsed: Gives its speeds where the run is long enough to be rehearsed.
        """
        half = Speeds(self._measure, self.predicted_share, 0.0, "bfloat16")
        if rehearsed is None:
            # In turns, and the faster one of each: another program's moment must not decide for the whole run.
            turns = [(self._timed(config, HALF_SECONDS), half._timed(config, HALF_SECONDS)) for _ in range(HALF_TURNS)]
            single, measured = (functools.reduce(Speed.best, speeds) for speeds in zip(*turns, strict=True))
        else:
            single, measured = rehearsed("float32"), rehearsed("bfloat16")
            self.learn(config, single)
        gain = single.seconds_per_token / measured.seconds_per_token
        told = f"bfloat16 is {gain:.2f} times as fast here, {'measured' if rehearsed is None else 'rehearsed'}"
        if gain < LEAST_GAIN:
            return self, Reason("precision", "float32", f"{told}; it is taken from {LEAST_GAIN} on")
        half._known = {
            each: dataclasses.replace(speed, seconds_per_token=speed.seconds_per_token / gain)
            for each, speed in self._known.items()
        } | {config: measured}
        return half, Reason("precision", "bfloat16", f"{told}; weights, sums and updates stay float32")

    def report(self) -> dict[str, Any]:
        """For `plan.json`."""
        measured = [
            {
                "num_layers": config.num_layers,
                "width": config.width,
                "seconds_per_token": speed.seconds_per_token,
                "seconds_per_update": speed.seconds_per_update,
                "rehearsed": speed.rehearsed,
                "gigaflops": training_flops_per_token(config, config.context, self.predicted_share)
                / speed.seconds_per_token
                / 1e9,
            }
            for config, speed in self._known.items()
        ]
        return {"measured": measured}
