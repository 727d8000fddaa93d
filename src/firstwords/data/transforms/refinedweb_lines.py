"""The line rules of RefinedWeb."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.line_measures import LineMeasures

# At the beginning, at the end, anywhere (RefinedWeb gives these as examples of each kind).
_NAVIGATION = re.compile(
    r"(?i)^\s*(?:sign[- ]in|log in)\b[\s.,:|/»>-]*|[\s.,:|/-]*\bread more[\s.…»>]*$|\b(?:\d+ )?items in cart\b"
)


@dataclass(frozen=True, kw_only=True)
class RefinedWebLines(Transform):
    """Takes out lines of menus, buttons and counters.

    Source: Penedo et al. 2023 (RefinedWeb), section 3.2 and appendix G.2, which names the kinds of lines but not all
    numbers; where not, DCLM's code (Li et al. 2024) is followed. The rule that drops a page which loses more than
    5 % of its words is the filter `refinedweb`; it belongs before this step.

    Counted: `lines` (removed) and `phrases` (removed from lines that stay or go).
    """

    version: ClassVar[int] = 1
    counted: ClassVar[tuple[str, ...]] = ("lines", "phrases")

    max_capitals: float = 0.5
    """Lines with a higher share of capital letters among their characters go (paper: "mainly"; DCLM: 0.5)."""
    numbers: bool = True
    """Lines without a letter that have a number go (paper: only numerical characters)."""
    counters: bool = True
    """Lines of up to three words like "3 likes" go."""
    single_words: bool = True
    """Lines of one word go. Headings of one word are lost too."""
    short_line_words: int = 10
    """From lines of so many words or fewer, phrases of navigation go: "Sign in" at the beginning, "Read more ..." at
    the end, "items in cart" anywhere. 0: from none."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with shorter texts; see `Transform.apply`."""
        import numpy as np

        from firstwords.data.line_measures import keep_lines, measure_lines

        old = batch.column("text")
        measures = measure_lines(old)
        texts, phrases = self._without_phrases(old, measures)
        if phrases.any():
            measures = measure_lines(texts)
        keep = self.keeps(measures)
        removed = measures.sums(~keep).astype(np.int32)
        changed = (removed > 0) | (phrases > 0)
        if changed.any():
            batch = with_texts(batch, keep_lines(texts, measures, keep), "text")
        return Transformed(batch, changed, {"lines": removed, "phrases": phrases})

    def keeps(self, measures: "LineMeasures") -> Any:
        """(L,) whether a line stays."""
        from firstwords.data import line_kernels
        from firstwords.data.line_measures import COUNTERS

        lines = measures.lines
        words, numbers = lines[:, line_kernels.TOKENS], lines[:, line_kernels.DIGITS]
        keep = lines[:, line_kernels.CAPITALS] <= self.max_capitals * lines[:, line_kernels.LENGTH]
        if self.numbers:
            keep &= (lines[:, line_kernels.LETTERS] > 0) | (numbers == 0)
        if self.counters:
            keep &= ~((words <= 3) & (numbers > 0) & measures.with_phrase(COUNTERS))
        if self.single_words:
            keep &= words > 1
        return keep

    def _without_phrases(self, texts: "pa.Array", measures: "LineMeasures") -> tuple["pa.Array", Any]:
        import numpy as np
        import pyarrow as pa

        from firstwords.data import line_kernels
        from firstwords.data.line_measures import NAVIGATION

        counts = np.zeros(len(texts), np.int32)
        short = measures.lines[:, line_kernels.TOKENS] <= self.short_line_words
        rows = np.flatnonzero(measures.sums(short & measures.with_phrase(NAVIGATION)))
        if not len(rows):
            return texts, counts
        found = texts.to_pylist()
        for row in rows:
            lines = found[row].split("\n")
            left = []
            for line in lines:
                edited, number = self._edited(line)
                counts[row] += number
                if edited.strip() or not number:  # a line that is gone leaves no blank one
                    left.append(edited)
            if counts[row]:
                found[row] = "\n".join(left)
        return pa.array(found, texts.type), counts

    def _edited(self, line: str) -> tuple[str, int]:
        """A line without its phrases of navigation, and how many these were."""
        number = removed = 0
        while len(line.split()) <= self.short_line_words:
            line, removed = _NAVIGATION.subn("", line)
            number += removed
            if not removed:
                break
        return line, number
