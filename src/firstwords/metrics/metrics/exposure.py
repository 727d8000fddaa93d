"""Mean exposure of canaries, in bits: how much likelier than other numbers a model finds planted ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class Exposure(Metric):
    """Reads the columns `exposure` (bits) and `times`. Source: Carlini et al. 2019, section 4.2."""

    label: ClassVar[str] = "exposure {} bits"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, float("inf"))

    times: int
    """Only canaries that were planted so many times."""

    @property
    def name(self) -> str:
        """`exposure (16)`."""
        return f"exposure ({self.times})"

    @property
    def shown_as(self) -> str:
        """As `label`."""
        return f"planted {self.times} x: {{}} bits"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): bits, 1; both 0 for canaries of another number of copies."""
        counted = np.array([float(each == self.times) for each in items["times"]])
        return np.stack([np.array(items["exposure"], dtype=np.float64) * counted, counted], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bits per canary; 0 where a resample holds none."""
        return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))
