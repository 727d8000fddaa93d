"""How far confidence and accuracy lie apart: expected calibration error. Depends on the bins; read Brier with it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from firstwords.metrics.calibration import bin_edges, bin_statistics, error_from_bins
from firstwords.metrics.metric import Items, Metric


@dataclass(frozen=True, kw_only=True)
class CalibrationError(Metric):
    """Reads the columns `gold`, `predicted` and `confidence` (the probability of the predicted label).

    Source: Guo et al. 2017, section 2 (equal widths); Nixon et al. 2019 (equal mass, less biased where a model is sure
    of nearly everything).
    """

    label: ClassVar[str] = "calibration error {}"
    higher_is_better: ClassVar[bool] = False
    # Chance alone moves bins off the diagonal, so every resample has a larger error than the items.
    interval_method: ClassVar[Literal["bca", "percentile"]] = "bca"

    bins: Literal["equal_mass", "equal_width"] = "equal_mass"
    num_bins: Annotated[int, Field(ge=2, le=100)] = 15

    @property
    def name(self) -> str:
        """`calibration_error_equal_mass` or `calibration_error_equal_width`."""
        return f"calibration_error_{self.bins}"

    @property
    def shown_as(self) -> str:
        """As `label`, with the bins."""
        return f"ECE ({self.bins.replace('_', ' ')}) {{}}"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3 B): see `calibration.bin_statistics`. Borders of equal mass are those of the given items."""
        right = [float(g == p) for g, p in zip(items["gold"], items["predicted"], strict=True)]
        edges = bin_edges(items["confidence"], self.num_bins, self.bins == "equal_mass")
        return bin_statistics(items["confidence"], right, edges)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean distance, 0 to 1."""
        return error_from_bins(sums)
