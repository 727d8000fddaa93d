"""Share of answers that are one of the accepted ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.generated_text import normalise
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class ExactMatch(Metric):
    """Reads the columns `gold` (a text, or a list of accepted ones) and `predicted`."""

    label: ClassVar[str] = "exact match {}"
    is_mean_of_yes_or_no: ClassVar[bool] = True

    compare: Literal["normalised", "exact"] = "normalised"
    """`normalised`: case, punctuation, English articles and white space do not count (SQuAD); `exact`: all do."""

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): right, 1."""
        right = [self._is_right(g, p) for g, p in zip(items["gold"], items["predicted"], strict=True)]
        return np.stack([np.array(right, dtype=np.float64), np.ones(len(right))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Right ones per item."""
        return np.asarray(sums[..., 0] / sums[..., 1])

    def _is_right(self, gold: str | Sequence[str], predicted: str) -> bool:
        accepted = [gold] if isinstance(gold, str) else gold
        if self.compare == "exact":
            return predicted in accepted
        return normalise(predicted) in {normalise(each) for each in accepted}
