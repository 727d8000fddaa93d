"""F1 over all labels of all items together: the usual figure where a text may have several labels or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.entities import f1_from_counts
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class MicroF1(Metric):
    """Reads the columns `gold` and `predicted`: a label or a list of labels. With one label each it is the accuracy."""

    label: ClassVar[str] = "micro-F1 {}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3): labels matched, gold, predicted."""
        pairs = [(_labels(g), _labels(p)) for g, p in zip(items["gold"], items["predicted"], strict=True)]
        return np.array([(len(g & p), len(g), len(p)) for g, p in pairs], dtype=np.float64).reshape(-1, 3)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """2 matched / (gold + predicted)."""
        return f1_from_counts(sums)


def _labels(value: str | Sequence[str]) -> set[str]:
    return {value} if isinstance(value, str) else set(value)
