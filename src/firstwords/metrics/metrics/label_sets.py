"""F1 of labels of which an item may have any number: over all decisions, or the mean over labels."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class LabelSets(Metric):
    """Reads the columns `gold` and `predicted`: a list of labels per item."""

    label: ClassVar[str] = "F1 {}"
    average: Literal["micro", "macro"] = "micro"
    """`micro` counts every decision alike, `macro` every label that occurs."""

    @property
    def name(self) -> str:
        """`micro_f1` or `macro_f1`."""
        return f"{self.average}_f1"

    @property
    def shown_as(self) -> str:
        """`micro-F1 {}`."""
        return f"{self.average}-F1 {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3 L): for every label whether it is matched, gold, predicted."""
        labels = sorted({label for side in ("gold", "predicted") for each in items[side] for label in each})
        numbers = {label: number for number, label in enumerate(labels)}
        sides = np.zeros((2, len(items["gold"]), max(1, len(labels))))
        for side, name in enumerate(("gold", "predicted")):
            for row, each in enumerate(items[name]):
                sides[side, row, [numbers[label] for label in each]] = 1
        return np.concatenate([sides[0] * sides[1], sides[0], sides[1]], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chosen mean; 1 where no label is gold and none predicted."""
        right, gold, found = np.split(sums, 3, axis=-1)
        if self.average == "micro":
            total = (gold + found).sum(axis=-1)
            return np.asarray(np.where(total > 0, 2 * right.sum(axis=-1) / np.maximum(total, 1), 1.0))
        occurs = gold + found > 0
        each = np.where(occurs, 2 * right / np.maximum(gold + found, 1), 0.0)
        number = occurs.sum(axis=-1)
        return np.asarray(np.where(number > 0, each.sum(axis=-1) / np.maximum(number, 1), 1.0))
