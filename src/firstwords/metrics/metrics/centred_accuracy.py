"""Accuracy on a scale where guessing is 0 and knowing is 1: comparable over tasks with other numbers of answers."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.metrics.choice_accuracy import ChoiceAccuracy, points


@dataclass(frozen=True, kw_only=True)
class CentredAccuracy(Metric):
    """Reads what `choice_accuracy` reads. (accuracy - chance) / (1 - chance), as in DCLM's CORE (Li et al. 2024)."""

    label: ClassVar[str] = "above chance {}"
    bounds: ClassVar[tuple[float, float]] = (-np.inf, 1.0)

    per: Literal["none", "characters", "bytes", "tokens", "without_question"] = "none"
    """As in `choice_accuracy`."""

    @property
    def name(self) -> str:
        """`centred_accuracy`, `centred_accuracy_norm` ..."""
        return ChoiceAccuracy(per=self.per).name.replace("choice", "centred")

    @property
    def shown_as(self) -> str:
        """As `label`."""
        return ChoiceAccuracy(per=self.per).shown_as.replace("accuracy", "above chance", 1)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3): points, points of a guess, 1."""
        guesses = [1 / len(each) for each in items["log_likelihoods"]]
        return np.stack([points(items, self.per), np.array(guesses), np.ones(len(guesses))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the way from guessing to knowing."""
        return np.asarray((sums[..., 0] - sums[..., 1]) / (sums[..., 2] - sums[..., 1]))
