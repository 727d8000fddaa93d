"""The quality rules that FineWeb adds to those of Gopher and C4."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.filter import Filter, first_failing, struct_of

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class FineWeb(Filter):
    """Drops pages that are lists: lines without an end mark, short lines, repeated lines, many line ends.

    Source: Penedo et al. 2024 (FineWeb), section 3.4, and its published code (datatrove). Where they differ the field
    says which is taken. Lines: `firstwords.data.line_measures`; a blank text scores 0 everywhere and so fails
    `end_marks`. The code measures lines as they are written, here white space at their ends does not count and runs of
    it count once.
    """

    version: ClassVar[int] = 1

    min_end_marks: float = 0.12
    """`end_marks`: share of lines that end with a sentence's mark, of any script (Unicode's Sentence_Terminal, as in
    the code). The paper drops pages with a share of 0.12 or less, the code below 0.12, as here."""
    short_line: int = 30
    """A line of so many characters or fewer is short. The paper says shorter than 30; the code, as here, at most 30."""
    max_short_lines: float = 0.67
    """`short_lines`: share of short lines."""
    max_repeated_characters: float = 0.1
    """`repeated_characters`: share of characters in lines that stood in the text before. 0.1 is the paper's; the
    published code has 0.01, which its authors corrected to 0.1 in the recipe of FineWeb-2."""
    max_new_lines: float = 0.3
    """`new_lines`: line feeds for each word. A rule of the code alone, so words are counted as there: a run of
    one punctuation mark is a word too."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The shares the rules speak of; see `Filter.score`."""
        import numpy as np

        from firstwords.data import line_kernels
        from firstwords.data.line_measures import terminal_marks
        from firstwords.data.repetition import count_repeated_lines

        measures = features.line_measures
        repeated = count_repeated_lines(features.lines)
        num_lines = np.diff(measures.offsets)
        short = measures.lines[:, line_kernels.LENGTH] <= self.short_line
        words = features.words.num_words + measures.counts[:, line_kernels.SIGNS]

        def share(part: Any, whole: Any) -> Any:
            return part / np.maximum(whole, 1)

        return struct_of(
            end_marks=share(measures.sums(measures.ends_with(terminal_marks())), num_lines),
            short_lines=share(measures.sums(short), num_lines),
            repeated_characters=share(repeated[:, 3], repeated[:, 2]),
            new_lines=share(measures.counts[:, line_kernels.LINE_FEEDS], words),
        )

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """The first rule each row fails, in the order of the code; see `Filter.reject`."""
        return first_failing(
            scores,
            {
                "end_marks": (self.min_end_marks, None),
                "short_lines": (None, self.max_short_lines),
                "repeated_characters": (None, self.max_repeated_characters),
                "new_lines": (None, self.max_new_lines),
            },
        )
