"""How many bits a model needs for a byte of text: comparable across tokenizers, and with any compressor."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class BitsPerByte(Metric):
    """Reads the columns `nats` (all predicted tokens of a document) and `bytes` (UTF-8, special tokens none)."""

    label: ClassVar[str] = "{} bits/byte"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, math.inf)

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): nats, bytes."""
        return np.array([items["nats"], items["bytes"]], dtype=np.float64).T

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the corpus: sums are divided, not document by document averaged."""
        return np.asarray(sums[..., 0] / sums[..., 1] / math.log(2))
