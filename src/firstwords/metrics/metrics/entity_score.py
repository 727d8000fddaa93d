"""Precision, recall or F1 of whole entities: type and both ends must be right."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.metrics import entities, partial_entities
from firstwords.metrics.metric import Items, Metric

_FIGURES = {
    "f1": (entities.f1_from_counts, "F1"),
    "precision": (entities.precision_from_counts, "precision"),
    "recall": (entities.recall_from_counts, "recall"),
}


@dataclass(frozen=True, kw_only=True)
class EntityScore(Metric):
    """Reads the columns `gold` and `predicted`: a list of tags per item. Averaged over entities, not over types."""

    label: ClassVar[str] = "F1 {}"
    score: Literal["f1", "precision", "recall"] = "f1"
    mode: Literal["default", "strict"] = "default"
    """How tags that break the scheme are read; see `metrics/entities.py`."""
    match: Literal["strict", "exact", "partial", "type"] = "strict"
    """When an entity counts as found: type and both ends, both ends, any overlap (half a point), overlap and type; see
    `metrics/partial_entities.py`."""
    type: str | None = None
    """Only entities of this type."""

    @property
    def name(self) -> str:
        """`entity_f1`, `entity_f1_strict` (tags read strictly), `entity_f1_partial_match`, `entity_f1 (person)`."""
        mode = "" if self.mode == "default" else f"_{self.mode}"
        match = "" if self.match == "strict" else f"_{self.match}_match"
        return f"entity_{self.score}{mode}{match}" + (f" ({self.type})" if self.type is not None else "")

    @property
    def shown_as(self) -> str:
        """`F1 {}`, `F1 person {}`."""
        match = "" if self.match == "strict" else f" ({self.match} match)"
        return _FIGURES[self.score][1] + match + (f" {self.type} {{}}" if self.type is not None else " {}")

    @property
    def is_detail(self) -> bool:
        """Scores of one type and of other ways to match are."""
        return self.type is not None or self.match != "strict"

    def statistics(self, items: Items) -> NDArray[np.float64]:
        """(N, 3): entities matched (or points), gold, predicted."""
        if self.match != "strict":
            return partial_entities.match_counts(items["gold"], items["predicted"], self.match, self.mode, self.type)
        return entities.entity_counts(items["gold"], items["predicted"], self.mode, self.type)

    def figure(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chosen score."""
        return _FIGURES[self.score][0](sums)
