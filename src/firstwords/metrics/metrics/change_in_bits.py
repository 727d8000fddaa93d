"""How many bits a byte of one kind of text costs after learning another, and how that compares with before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics.metric import Items, Metric
from firstwords.metrics.statistics import NUM_RESAMPLES, Interval


@dataclass(frozen=True, kw_only=True)
class ChangeInBits(Metric):
    """Reads the columns `part`, `nats`, `nats_before` and `bytes`; items of other parts do not count.

    Before and after are of the same documents, so the interval of the change is that of a paired comparison.

    Attributes:
        part: Which items: those of this value in the column `part`.
        told: `bits` per byte after; `change` against before, as a share: -0.05 are 5 % fewer bits.
    """

    label: ClassVar[str] = "{}"
    higher_is_better: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (-1.0, math.inf)

    part: str
    told: Literal["bits", "change"] = "change"

    @property
    def name(self) -> str:
        """For example `general_change`."""
        return f"{self.part}_{'bits_per_byte' if self.told == 'bits' else 'change'}"

    @property
    def shown_as(self) -> str:
        """For example `general {} bits/byte`."""
        return f"{self.part} {{}} bits/byte" if self.told == "bits" else f"{self.part} text changed by {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3): nats, nats before, bytes; zeros for items of other parts."""
        columns = np.array([items["nats"], items["nats_before"], items["bytes"]], dtype=np.float64).T
        return columns * (np.array(items["part"]) == self.part)[:, None]

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the part as one text: sums are divided."""
        if self.told == "bits":
            return np.asarray(sums[..., 0] / sums[..., 2] / math.log(2))
        return np.asarray(sums[..., 0] / sums[..., 1] - 1)

    def interval(
        self,
        items: Items,
        groups: Sequence[Any] | None = None,
        seed: int = 0,
        num_resamples: int = NUM_RESAMPLES,
    ) -> Interval:
        """As of every metric, over the items of the part alone: a resample without any of them would have no figure."""
        own = [place for place, part in enumerate(items["part"]) if part == self.part]
        chosen = {name: [column[place] for place in own] for name, column in items.items()}
        units = None if groups is None else [groups[place] for place in own]
        return super().interval(chosen, units, seed, num_resamples)
