"""Pseudo-perplexity: among how many equally likely answers a masked model seems to choose, seeing all the rest.

Of a corpus, as Salazar et al. 2020 (section 2.1) have it. It has no common scale with the perplexity of a causal model,
which sees one side only; only masked models judged in the same way compare.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric

_COLUMNS = {"token": "tokens", "word": "words", "byte": "bytes"}


@dataclass(frozen=True, kw_only=True)
class PseudoPerplexity(Metric):
    """Reads the columns `nats` and `tokens`, `words` or `bytes`. Per byte it is told in bits."""

    label: ClassVar[str] = "pseudo-perplexity {}"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)
    # Even per word and byte the tokens count: they are what is hidden at once.
    depends_on: ClassVar[tuple[str, ...]] = ("tokens",)

    unit: Literal["token", "word", "byte"] = "token"

    @property
    def name(self) -> str:
        """`pseudo_perplexity`, `pseudo_perplexity_per_word`, `pseudo_bits_per_byte`."""
        return {
            "token": "pseudo_perplexity",
            "word": "pseudo_perplexity_per_word",
            "byte": "pseudo_bits_per_byte",
        }[self.unit]

    @property
    def shown_as(self) -> str:
        """As `label`."""
        return {
            "token": "pseudo-perplexity {}",
            "word": "per word {}",
            "byte": "{} pseudo-bits/byte",
        }[self.unit]

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): nats, units."""
        return np.array([items["nats"], items[_COLUMNS[self.unit]]], dtype=np.float64).T

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the corpus: sums are divided."""
        nats = sums[..., 0] / sums[..., 1]
        return np.asarray(nats / math.log(2) if self.unit == "byte" else np.exp(nats))
