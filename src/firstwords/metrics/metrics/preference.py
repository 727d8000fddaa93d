"""How often the preferred answer of a pair is found likelier than the other; a tie is worth one half."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Preference(Metric):
    """Reads the columns `chosen`, `rejected`, `chosen_reference`, `rejected_reference`: log-likelihoods in nats."""

    label: ClassVar[str] = "preferred {}"
    is_mean_of_yes_or_no: ClassVar[bool] = True

    against_reference: bool = True
    """Whether the reference's own preference is taken off, which is what preference optimisation trains."""

    @property
    def name(self) -> str:
        """`preference`, or `preference (by likelihood)`."""
        return "preference" if self.against_reference else "preference (by likelihood)"

    @property
    def shown_as(self) -> str:
        """As `label`."""
        return self.label if self.against_reference else "by likelihood {}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): 1, 1/2 or 0; 1.

        Raises:
            ValueError: If a log-likelihood is not a number.
        """
        columns = ("chosen", "rejected", "chosen_reference", "rejected_reference")
        chosen, rejected, first, second = (np.array(items[name], dtype=np.float64) for name in columns)
        margins = (chosen - rejected) - (first - second) * self.against_reference
        if np.isnan(margins).any():
            raise ValueError("the log-likelihood of an answer is not a number")
        return np.stack([(margins > 0) + 0.5 * (margins == 0), np.ones(len(margins))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points per pair."""
        return np.asarray(sums[..., 0] / sums[..., 1])
