"""How often the right one of several answers is the likeliest, with and without regard to their lengths.

Long answers are less likely whatever they say, so the log-likelihood is also told per character, byte or token, and
relative to the answer's log-likelihood without its question (Brown et al. 2020, section 2.4; Holtzman et al. 2021).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric

_NAMES = {"none": "", "characters": "_norm", "bytes": "_bytes", "tokens": "_tokens", "without_question": "_pmi"}
_SHOWN = {
    "none": "",
    "characters": " per character",
    "bytes": " per byte",
    "tokens": " per token",
    "without_question": " beyond the answer alone",
}


@dataclass(frozen=True, kw_only=True)
class ChoiceAccuracy(Metric):
    """Reads `gold` (a number from 0), `log_likelihoods` (a list), and the list that `per` names.

    Answers that share the first place share the point.
    """

    label: ClassVar[str] = "accuracy {}"

    per: Literal["none", "characters", "bytes", "tokens", "without_question"] = "none"
    """What log-likelihoods are divided by; `without_question`: `log_likelihoods_alone` is subtracted."""

    @property
    def name(self) -> str:
        """`choice_accuracy`, `choice_accuracy_norm` (per character, as elsewhere), `..._bytes`, `_tokens`, `_pmi`."""
        return "choice_accuracy" + _NAMES[self.per]

    @property
    def shown_as(self) -> str:
        """As `label`, with what it is divided by."""
        return f"accuracy{_SHOWN[self.per]} {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): points, 1.

        Raises:
            ValueError: If a log-likelihood is not a number.
        """
        return np.stack([points(items, self.per), np.ones(len(items["gold"]))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points per item."""
        return np.asarray(sums[..., 0] / sums[..., 1])


def points(items: Items, per: str) -> NDArray[np.float64]:
    """(N,) 1 where the right answer is the likeliest, a share of it where several are, else 0."""
    found = np.zeros(len(items["gold"]))
    for number, (gold, values) in enumerate(zip(items["gold"], items["log_likelihoods"], strict=True)):
        scores = np.asarray(values, dtype=np.float64)
        if per == "without_question":
            scores = scores - np.asarray(items["log_likelihoods_alone"][number], dtype=np.float64)
        elif per != "none":
            scores = scores / np.maximum(np.asarray(items[per][number], dtype=np.float64), 1)
        best = scores.max()
        if math.isnan(best):
            raise ValueError(f"item {number}: the log-likelihood of an answer is not a number")
        found[number] = (scores[gold] == best) / int((scores == best).sum())
    return found
