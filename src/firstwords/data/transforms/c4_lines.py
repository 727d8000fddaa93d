"""The line rules of C4."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.transform import Transform, Transformed, with_texts

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.line_measures import LineMeasures

_CITATION = re.compile(r"\[(?:\d*|edit|citation needed)\]")


@dataclass(frozen=True, kw_only=True)
class C4Lines(Transform):
    """Keeps the lines of running text.

    Source: Raffel et al. 2020 (T5), section 2.2; what only the published code has is marked "code". Runs of white space
    count as one space; a *word* is what stands between white space. The page rules are the filter `c4`.

    Counted: `lines` (removed) and `citations` (removed).
    """

    version: ClassVar[int] = 1
    counted: ClassVar[tuple[str, ...]] = ("lines", "citations")

    end_marks: str = ".!?\"'”’"
    """A line must end with one of these; empty: with anything (FineWeb's choice, since this rule costs 30 % of the
    tokens there). The paper: "period, exclamation mark, question mark, or end quotation mark"; the code has only the
    quotation marks of typewriters, here the typographic ones count too."""
    ellipsis_ends: bool = False
    """Whether a line may end with `...` (code: no)."""
    min_words: int = 3
    """Fewer words: removed. The paper's and the code's 3 (an earlier version of the paper and DCLM's copy have 5)."""
    max_word_length: int = 1000
    """A longer word takes its line with it (code)."""
    javascript: bool = True
    """Remove lines with the word "javascript" in any case."""
    policy: bool = True
    """Remove lines about terms of use, privacy policies and cookies, by six phrases (code)."""
    citations: bool = True
    """Remove `[1]`, `[]`, `[edit]` and `[citation needed]` (code), before the other rules look."""

    def apply(self, batch: "pa.RecordBatch") -> Transformed:
        """The batch with shorter texts; see `Transform.apply`."""
        import numpy as np

        from firstwords.data.line_measures import keep_lines, measure_lines

        texts, citations = self._without_citations(batch.column("text"))
        measures = measure_lines(texts)
        keep = self._keeps(measures)
        removed = measures.sums(~keep).astype(np.int32)
        changed = (removed > 0) | (citations > 0)
        if changed.any():
            batch = with_texts(batch, keep_lines(texts, measures, keep), "text")
        return Transformed(batch, changed, {"lines": removed, "citations": citations})

    def _without_citations(self, texts: "pa.Array") -> tuple["pa.Array", Any]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        counts = np.zeros(len(texts), np.int32)
        rows = np.flatnonzero(pc.match_substring(texts, "[")) if self.citations else np.zeros(0, np.int64)
        if not len(rows):
            return texts, counts
        found = texts.to_pylist()
        for row in rows:
            removed = 1
            while removed:  # what is left of "[[1]]" is a citation again
                found[row], removed = _CITATION.subn("", found[row])
                counts[row] += removed
        return pa.array(found, texts.type), counts

    def _keeps(self, measures: "LineMeasures") -> Any:
        """(L,) whether a line passes all rules."""
        from firstwords.data import line_kernels
        from firstwords.data.line_measures import POLICY

        lines = measures.lines
        keep = (lines[:, line_kernels.LONGEST] <= self.max_word_length) & (
            lines[:, line_kernels.TOKENS] >= self.min_words
        )
        if self.end_marks:
            keep &= measures.ends_with(self.end_marks)
        if self.end_marks and not self.ellipsis_ends:
            keep &= lines[:, line_kernels.DOTS] < 3
        if self.javascript:
            keep &= ~measures.with_phrase(["javascript"])
        if self.policy:
            keep &= ~measures.with_phrase(POLICY)
        return keep
