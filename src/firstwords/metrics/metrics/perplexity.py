"""Perplexity: among how many equally likely tokens, words or bytes a model seems to choose, over a whole corpus."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Perplexity(Metric):
    """Reads the columns `nats` and `tokens` (predicted ones), `words` (between white space) or `bytes`."""

    label: ClassVar[str] = "perplexity {}"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (1.0, math.inf)

    unit: Literal["token", "word", "byte"] = "token"

    @property
    def depends_on(self) -> tuple[str, ...]:  # type: ignore[override]
        """`tokens` where they are the unit."""
        return ("tokens",) if self.unit == "token" else ()

    @property
    def name(self) -> str:
        """`perplexity`, `perplexity_per_word`, `perplexity_per_byte`."""
        return "perplexity" + ("" if self.unit == "token" else f"_per_{self.unit}")

    @property
    def shown_as(self) -> str:
        """As `label`, with the unit unless it is the token."""
        return "perplexity {}" if self.unit == "token" else f"perplexity per {self.unit} {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): nats, units."""
        return np.array([items["nats"], items[f"{self.unit}s"]], dtype=np.float64).T

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Exponential of the corpus mean: the mean of documents' perplexities would overweight short odd ones."""
        return np.exp(sums[..., 0] / sums[..., 1])
