"""The page rule of RefinedWeb: how much of a page its line rules would take."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.data.transforms.refinedweb_lines import RefinedWebLines

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class RefinedWeb(Filter):
    """Drops pages of which the transform `refinedweb_lines` would remove too many words.

    Source: Penedo et al. 2023 (RefinedWeb), appendix G.2: pages that lose more than 5 % of their words go. Place it
    before that transform: afterwards nothing is left to remove. A *word* is what stands between white space.
    """

    version: ClassVar[int] = 1

    max_removed: float = 0.05
    """`removed`: share of the words that the line rules take."""
    lines: RefinedWebLines = RefinedWebLines()
    """The line rules; give the transform the same fields."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The share of words; see `Filter.score`."""
        import numpy as np
        import pyarrow as pa

        from firstwords.data import line_kernels
        from firstwords.data.line_measures import measure_lines

        before = features.line_measures
        shortened = self.lines.apply(pa.record_batch({"text": features.texts})).batch.column("text")
        after = measure_lines(shortened)
        total, left = (each.sums(each.lines[:, line_kernels.TOKENS]) for each in (before, after))
        return struct_of(removed=(total - left) / np.maximum(total, 1))

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """`removed` where the share is too high; see `Filter.reject`."""
        return first_failing(scores, {"removed": (None, self.max_removed)})
