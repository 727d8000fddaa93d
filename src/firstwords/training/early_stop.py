"""Training until held-out text stops getting better."""

from __future__ import annotations

import math
from typing import Any


class EarlyStop:
    """Counts evaluations without a new best.

    Args:
        patience: So many in a row end the run; None never does.
    """

    def __init__(self, patience: int | None) -> None:
        self.patience = patience
        self.best = math.inf
        self.num_worse = 0

    def is_best(self, loss: float) -> bool:
        """Whether a held-out loss is lower than all before. Every evaluation is asked about once, in order."""
        if loss < self.best:
            self.best, self.num_worse = loss, 0
            return True
        self.num_worse += 1
        return False

    @property
    def is_over(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self.num_worse >= self.patience

    def state(self) -> dict[str, Any]:
        """JSON values to continue from."""
        return {"best": None if math.isinf(self.best) else self.best, "num_worse": self.num_worse}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.best = math.inf if state["best"] is None else state["best"]
        self.num_worse = state["num_worse"]
