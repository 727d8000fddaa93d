"""How much of a wanted text a longer answer holds: ROUGE-1, ROUGE-2, ROUGE-L (Lin 2004), their F1."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.generated_text import rouge_l, rouge_n
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Rouge(Metric):
    """Reads the columns `gold` (a text, or a list: the nearest counts) and `predicted`; the mean over items."""

    label: ClassVar[str] = "ROUGE {}"

    kind: Literal["1", "2", "L"] = "L"
    """n of the n-grams, or the longest common subsequence of the whole texts."""

    @property
    def name(self) -> str:
        """`rouge_1`, `rouge_2`, `rouge_l`."""
        return f"rouge_{self.kind.lower()}"

    @property
    def shown_as(self) -> str:
        """`ROUGE-L {}`."""
        return f"ROUGE-{self.kind} {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): F1 of the item, 1."""
        scores = [
            max(self._score(each, p) for each in ([g] if isinstance(g, str) else g))
            for g, p in zip(items["gold"], items["predicted"], strict=True)
        ]
        return np.stack([np.array(scores, dtype=np.float64), np.ones(len(scores))], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of the items."""
        return np.asarray(sums[..., 0] / sums[..., 1])

    def _score(self, wanted: str, given: str) -> float:
        return rouge_l(wanted, given) if self.kind == "L" else rouge_n(wanted, given, int(self.kind))
