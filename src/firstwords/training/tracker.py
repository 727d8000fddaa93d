"""The contract of a tracker: where the progress of a run is shown or recorded."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from firstwords.recipe import Component
from firstwords.stage import Work


@dataclass(frozen=True, kw_only=True)
class Tracker(Component):
    """Follows a run. What it writes never belongs to the result, so it may hold times."""

    @abstractmethod
    def follow(self, work: Work, num_steps: int) -> Callable[[dict[str, Any]], None]:
        """A function to be called after every step of `num_steps`.

        Its argument has `step`, `tokens`, `loss`, `rate`, `gradient_norm`, `seconds` and `step_tokens` (of this
        step alone), and where the model was evaluated `validation_loss`, `bits_per_byte` and the objective's scores.
        """
