"""Share of items for which something is so, among those of which it was asked."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class ShareOfItems(Metric):
    """Reads a column of true, false and null (not asked), such as `extracted`; less of it is better."""

    label: ClassVar[str] = "{}"
    higher_is_better: ClassVar[bool] = False

    column: Annotated[str, Field(min_length=1)]
    """Its name is the metric's."""

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column

    @property
    def shown_as(self) -> str:
        """The column's name in words."""
        return f"{self.column.replace('_', ' ')} {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 2): true, asked."""
        asked = np.array([float(each is not None) for each in items[self.column]])
        return np.stack([np.array([float(bool(each)) for each in items[self.column]]), asked], axis=1)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """True ones per asked one; 0 where a resample holds none."""
        return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))
