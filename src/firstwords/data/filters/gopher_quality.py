"""The document quality rules of Gopher."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firstwords.data.filter import Bounds, Filter, first_failing, struct_of

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features

ENGLISH = ("the", "be", "to", "of", "and", "that", "have", "with")


@dataclass(frozen=True, kw_only=True)
class GopherQuality(Filter):
    """Drops texts that do not look like written language: too short, few real words, mostly symbols or list items.

    Source: Rae et al. 2021 (Gopher), appendix A.1.1, "Quality Filtering"; thresholds are the paper's. It leaves open
    what a word is and what counts as a symbol; where other codes chose otherwise it is said at the rule. Words, tokens
    and lines: `firstwords.data.characters`. A ratio of a text without words is 0.
    """

    min_words: int = 50
    """`words`: number of words. datatrove counts tokens that are not only punctuation (so "don't" is two there too)."""
    max_words: int = 100_000
    """`words`, upper bound."""
    min_word_length: float = 3.0
    """`word_length`: mean characters of a word. dolma takes the median."""
    max_word_length: float = 10.0
    """`word_length`, upper bound."""
    max_hash_ratio: float = 0.1
    """`hash_ratio`: number signs for each word."""
    max_ellipsis_ratio: float = 0.1
    """`ellipsis_ratio`: ellipses for each word: the character, or a run of three or more full stops, which counts
    once (datatrove counts every three; dolma only the character)."""
    max_bullet_lines: float = 0.9
    """`bullet_lines`: share of lines that begin with a bullet, or with a hyphen or asterisk and white space
    (datatrove and dolma take any line that begins so, also "-5" and rulers)."""
    max_ellipsis_lines: float = 0.3
    """`ellipsis_lines`: share of lines that end with an ellipsis."""
    min_letter_words: float = 0.8
    """`letter_words`: share of tokens (between white space) with at least one letter. datatrove also counts each
    punctuation mark as a word here, which makes its rule stricter than the paper's. Program code and tables fail:
    lower it for those."""
    min_stop_words: int = 2
    """`stop_words`: how many different words of `stop_words` occur (as in datatrove; DCLM and dolma count
    occurrences)."""
    stop_words: tuple[str, ...] = ENGLISH
    """The paper's eight English words; empty (with `min_stop_words` 0) for other languages."""
    marks_are_words: bool = False
    """Count as datatrove (and so FineWeb) does: words are those of `firstwords.data.marked_words`, a punctuation mark
    is one in `letter_words`, `hash_ratio` and `ellipsis_ratio` (not in `words` and `word_length`), and stop words must
    be in lower case. `letter_words` then drops a quarter of novel passages (docs/log/2026-11-26-filters.md)."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The quantities the rules speak of; see `Filter.score`."""
        import numpy as np

        from firstwords.data import kernels

        if self.marks_are_words:
            return self._score_with_marks(features)
        words, lines = features.words, features.lines
        counts = words.counts
        num_words, num_lines = words.num_words, lines.num_lines

        def share(part: Any, whole: Any) -> Any:
            return part / np.maximum(whole, 1)

        return struct_of(
            words=num_words,
            word_length=share(counts[:, kernels.WORD_CHARACTERS], num_words),
            hash_ratio=share(counts[:, kernels.HASH_SIGNS], num_words),
            ellipsis_ratio=share(counts[:, kernels.ELLIPSES], num_words),
            bullet_lines=share(lines.count_flag(kernels.IS_BULLET), num_lines),
            ellipsis_lines=share(lines.count_flag(kernels.ENDS_IN_ELLIPSIS), num_lines),
            letter_words=share(counts[:, kernels.LETTER_TOKENS], counts[:, kernels.TOKENS]),
            stop_words=self._different_stop_words(words.hashes, words.offsets),
        )

    def _score_with_marks(self, features: "Features") -> "pa.StructArray":
        import numpy as np

        from firstwords.data import kernels
        from firstwords.data.marked_kernels import HAS_LETTER, HAS_WORD_CHARACTER

        marked, lines = features.marked_words, features.lines
        counts = features.words.counts
        is_word = (marked.flags & HAS_WORD_CHARACTER) > 0
        num_words = marked.sums(is_word)

        def share(part: Any, whole: Any) -> Any:
            return part / np.maximum(whole, 1)

        return struct_of(
            words=num_words,
            word_length=share(marked.sums(marked.lengths * is_word), num_words),
            hash_ratio=share(counts[:, kernels.HASH_SIGNS], marked.num_words),
            ellipsis_ratio=share(counts[:, kernels.ELLIPSES], marked.num_words),
            bullet_lines=share(lines.count_flag(kernels.IS_BULLET), lines.num_lines),
            ellipsis_lines=share(lines.count_flag(kernels.ENDS_IN_ELLIPSIS), lines.num_lines),
            letter_words=share(marked.count_flag(HAS_LETTER), marked.num_words),
            stop_words=self._different_stop_words(marked.hashes, marked.offsets),
        )

    def _different_stop_words(self, hashes: Any, offsets: Any) -> Any:
        import numpy as np

        from firstwords.data.features import hash_words

        found = np.zeros(len(offsets) - 1, np.int64)
        for stop_word in hash_words(self.stop_words):
            seen = np.concatenate(([0], np.cumsum(hashes == stop_word)))
            found += seen[offsets[1:]] > seen[offsets[:-1]]
        return found

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """The first rule each row fails; see `Filter.reject`."""
        rules: dict[str, Bounds] = {
            "words": (self.min_words, self.max_words),
            "word_length": (self.min_word_length, self.max_word_length),
            "hash_ratio": (None, self.max_hash_ratio),
            "ellipsis_ratio": (None, self.max_ellipsis_ratio),
            "bullet_lines": (None, self.max_bullet_lines),
            "ellipsis_lines": (None, self.max_ellipsis_lines),
            "letter_words": (self.min_letter_words, None),
            "stop_words": (self.min_stop_words, None),
        }
        return first_failing(scores, rules)
