"""The repetition rules of Gopher."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firstwords.data.filter import Bounds, Filter, first_failing, struct_of

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features

FREQUENT = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)


@dataclass(frozen=True, kw_only=True)
class GopherRepetition(Filter):
    """Drops texts that repeat themselves: lines, paragraphs and word n-grams.

    Source: Rae et al. 2021 (Gopher), table A1; thresholds are the paper's, and so is the order of the rules. All
        characters are
    counted with runs of white space as one character, in the part and in the whole alike (in datatrove spaces are
    missing from the repeated n-grams but not from the text). Words are lower-cased, so n-grams that differ in case or
    punctuation are equal.
    """

    max_repeated_lines: float = 0.30
    """`lines`: share of lines that stood in the text before; blank lines do not count."""
    max_repeated_paragraphs: float = 0.30
    """`paragraphs`: share of paragraphs (lines between blank ones) that stood in the text before."""
    max_repeated_line_characters: float = 0.20
    """`line_characters`: share of characters in lines that stood in the text before. dolma's mixture uses 0.30."""
    max_repeated_paragraph_characters: float = 0.20
    """`paragraph_characters`: the same for paragraphs."""
    max_frequent_ngrams: tuple[float, float, float] = (0.20, 0.18, 0.16)
    """`2_grams` ... `4_grams`: share of characters in the occurrences of one n-gram, the one with most of them (the
    paper and datatrove take the most frequent one); an n-gram that occurs once does not count, as it does in
    datatrove."""
    max_repeated_ngrams: tuple[float, float, float, float, float, float] = (0.15, 0.14, 0.13, 0.12, 0.11, 0.10)
    """`5_grams` ... `10_grams`: share of characters in n-grams that stood in the text before, none counted twice.
    First occurrences do not count, as in datatrove; other readings of the paper count them, which doubles the
    share."""
    marks_are_words: bool = False
    """Count n-grams as datatrove (and so FineWeb) does: of the words and punctuation marks of
    `firstwords.data.marked_words` as they are written, with one space between two (2- to 4-grams; one that occurs once
    counts) or none (5- to 10-grams), against all characters of the text."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The shares the rules speak of, 0 to 1; see `Filter.score`."""
        import numpy as np

        from firstwords.data import kernels
        from firstwords.data.repetition import (
            count_repeated_lines,
            count_repeated_marked_ngrams,
            count_repeated_ngrams,
        )

        lines = count_repeated_lines(features.lines)
        if self.marks_are_words:
            import pyarrow.compute as pc

            frequent, repeated = count_repeated_marked_ngrams(features.marked_words)
            characters = pc.utf8_length(features.texts).to_numpy(zero_copy_only=False)
        else:
            frequent, repeated = count_repeated_ngrams(features.words)
            characters = features.words.counts[:, kernels.CHARACTERS]

        def share(part: Any, whole: Any) -> Any:
            # Overlapping occurrences ("ha ha ha") can hold more characters than the text.
            return np.minimum(part / np.maximum(whole, 1), 1.0)

        return struct_of(
            lines=share(lines[:, 1], lines[:, 0]),
            paragraphs=share(lines[:, 5], lines[:, 4]),
            line_characters=share(lines[:, 3], lines[:, 2]),
            paragraph_characters=share(lines[:, 7], lines[:, 6]),
            **{f"{size}_grams": share(frequent[:, i], characters) for i, size in enumerate(FREQUENT)},
            **{f"{size}_grams": share(repeated[:, i], characters) for i, size in enumerate(REPEATED)},
        )

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """The first rule each row fails; see `Filter.reject`."""
        rules: dict[str, Bounds] = {
            "lines": (None, self.max_repeated_lines),
            "paragraphs": (None, self.max_repeated_paragraphs),
            "line_characters": (None, self.max_repeated_line_characters),
            "paragraph_characters": (None, self.max_repeated_paragraph_characters),
        }
        sizes = FREQUENT + REPEATED
        limits = self.max_frequent_ngrams + self.max_repeated_ngrams
        rules |= {f"{size}_grams": (None, limit) for size, limit in zip(sizes, limits, strict=True)}
        return first_failing(scores, rules)
