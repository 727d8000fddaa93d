"""Mean of the F1 of every class, so that a rare class counts as much as a frequent one."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.classification import label_counts, macro_f1_from_counts
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class MacroF1(Metric):
    """Reads the columns `gold` and `predicted`; counts the classes that occur in either, as scikit-learn does."""

    label: ClassVar[str] = "macro-F1 {}"
    # Resamples lose items of rare classes, so their macro-F1 lies lower than that of the items.
    interval_method: ClassVar[Literal["bca", "percentile"]] = "bca"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3 L): for every class whether it is matched, gold, predicted."""
        labels = sorted(set(items["gold"]) | set(items["predicted"]))
        return label_counts(items["gold"], items["predicted"], labels)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean F1 of the classes that occur in the sums."""
        return macro_f1_from_counts(sums)
