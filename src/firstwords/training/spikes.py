"""What happens at a loss far above those before it.

Judged from the losses of earlier steps alone, which all ranks know and checkpoints hold; so a run that continues judges
as one that was never stopped.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Literal

import numpy as np

Policy = Literal["keep", "skip", "roll_back"]

WINDOW, FEWEST = 64, 16
# Steps between the weights that are kept to go back to.
SNAPSHOT_STEPS = 20
MOST_IN_A_ROW = 20


class SpikeJudge:
    """Tells a spike from the usual noise.

    A loss is a spike when it is not finite, or above the median of the last 64 by more than `deviations` times their
    spread (1.4826 x the median absolute deviation, which for a normal distribution is its standard deviation).

    Args:
        policy: `keep` updates with every batch; `skip` leaves out the update; `roll_back` also goes back to weights
            that were good up to 20 steps before, whose batches are not read again (Chowdhery et al. 2022, section 5.1).
        deviations: How far is too far.
    """

    def __init__(self, policy: Policy, deviations: float) -> None:
        self.policy = policy
        self.deviations = deviations
        self.losses: deque[float] = deque(maxlen=WINDOW)
        self.in_a_row = 0

    def is_spike(self, loss: float) -> bool:
        """Whether this step's batch must not change the weights. Every step is asked about once, in order."""
        if self.policy == "keep":
            return False
        spike = not math.isfinite(loss) or loss > self.limit()
        # The level may have risen for good (a curriculum, another source), so losses that were skipped count too.
        if math.isfinite(loss):
            self.losses.append(loss)
        self.in_a_row = self.in_a_row + 1 if spike else 0
        return spike

    def limit(self) -> float:
        """The highest loss that is not a spike."""
        if len(self.losses) < FEWEST:
            return math.inf
        losses = np.array(self.losses)
        median = float(np.median(losses))
        spread = 1.4826 * float(np.median(np.abs(losses - median)))
        # Where nothing varies (all losses alike) the tiniest rise would count; a hundredth of the loss never does.
        return median + max(self.deviations * spread, 0.01 * abs(median))

    @property
    def exhausted(self) -> bool:
        """Whether skipping does not help: so many steps in a row were spikes."""
        return self.in_a_row >= MOST_IN_A_ROW

    def wants_snapshot(self, step: int) -> bool:
        """Whether the weights before this step's update, whose loss was no spike, should be kept."""
        return self.policy == "roll_back" and step % SNAPSHOT_STEPS == 0

    def state(self) -> dict[str, Any]:
        """JSON values to continue from."""
        return {"losses": list(self.losses), "in_a_row": self.in_a_row}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.losses = deque(state["losses"], maxlen=WINDOW)
        self.in_a_row = state["in_a_row"]
