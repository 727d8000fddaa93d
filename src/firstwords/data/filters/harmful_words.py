"""Abusive and pornographic texts, by a word list."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.errors import RecipeError

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class HarmfulWords(Filter):
    """Drops texts in which words of a list pile up.

    The list that ships (`firstwords/data/word_lists/harmful_en.txt`) was written for this package, holds English
    words without an ordinary second meaning, and is short on purpose: a list cannot tell hate from talk about hate,
    so a text is dropped only when it has several such words and they are a notable share of it. Scores:
    `harmful_words`, the share of listed words, which is 0 below `min_count` of them.
    """

    max_share: float = 0.01
    """`harmful_words`: highest share of listed words."""
    min_count: int = 3
    """Fewer listed words than this are no pile: their share is scored 0."""
    words: tuple[str, ...] = ()
    """Words of your own in place of the list, in any case."""

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """The share of listed words in each text; see `Filter.score`.

        Raises:
            RecipeError: If an entry of `words` is not a single word.
        """
        import numpy as np

        from firstwords.data.phrases import count_phrases

        words = features.words
        counts, _ = count_phrases(words, {1: _hashes(self.words)})
        shares = np.where(counts >= self.min_count, counts / np.maximum(words.num_words, 1), 0.0)
        return struct_of(harmful_words=shares)

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """`harmful_words` where the share is too high; see `Filter.reject`."""
        return first_failing(scores, {"harmful_words": (None, self.max_share)})


@cache
def _hashes(words: tuple[str, ...]) -> Any:
    """Sorted hashes of the words, or of the list that ships."""
    from importlib.resources import files

    import numpy as np

    from firstwords.data.features import hash_words
    from firstwords.data.phrases import read_entries

    if not words:
        words = tuple(read_entries(files("firstwords.data").joinpath("word_lists/harmful_en.txt")))
    try:
        return np.sort(hash_words(words))
    except ValueError as error:
        raise RecipeError(f"harmful_words.words: {error}") from None
