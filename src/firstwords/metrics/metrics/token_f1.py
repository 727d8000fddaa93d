"""How many words an answer shares with the accepted one that it is nearest to."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics import generated_text
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class TokenF1(Metric):
    """Reads the columns `gold` (a text, or a list of accepted ones) and `predicted`; the mean over items (SQuAD)."""

    label: ClassVar[str] = "word F1 {}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): F1 of the item, 1."""
        scores = [
            max(generated_text.token_f1(each, p) for each in ([g] if isinstance(g, str) else g))
            for g, p in zip(items["gold"], items["predicted"], strict=True)
        ]
        return np.stack([np.array(scores, dtype=np.float64), np.ones(len(scores))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the items."""
        return np.asarray(sums[..., 0] / sums[..., 1])
