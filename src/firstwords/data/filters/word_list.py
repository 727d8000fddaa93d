"""Texts with words or phrases of a list."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.data.filter import Filter, first_failing, struct_of
from firstwords.errors import RecipeError
from firstwords.recipe import InputPath, resolve

if TYPE_CHECKING:
    import pyarrow as pa

    from firstwords.data.features import Features


@dataclass(frozen=True, kw_only=True)
class WordList(Filter):
    """Drops texts in which words or phrases of your list occur, in any language and case.

    Words are compared whole ("ass" is not in "class"); a phrase is its words in their order, whatever stands between
    them. The default drops a text with any listed word, as C4 does (Raffel et al. 2020, section 2.2); data-juicer drops
    where more than 4.5 % of the words are listed. `harmful_words` is the same mechanism with a list of ours and
    thresholds that bear a quotation.
    """

    version: ClassVar[int] = 1

    files: tuple[InputPath, ...] = ()
    """Lists: one word or phrase a line; lines that begin with `#` are comments."""
    words: tuple[str, ...] = ()
    """More words and phrases."""
    max_count: int | None = 0
    """`listed`: highest number of occurrences."""
    max_share: float | None = None
    """`listed_share`: highest share of words that belong to listed words and phrases."""

    def __post_init__(self) -> None:
        if not self.files and not self.words:
            raise ValueError("word_list: name files or words")

    def fingerprint(self) -> str:
        """Digest of the lists."""
        from firstwords.data.dataset import digest_of_files

        return digest_of_files(resolve(path) for path in self.files)

    def score(self, batch: "pa.RecordBatch", features: "Features") -> "pa.StructArray":
        """How many listed words and phrases occur, and their share; see `Filter.score`.

        Raises:
            RecipeError: If an entry has no word.
        """
        import numpy as np

        from firstwords.data.phrases import count_phrases

        occurrences, covered = count_phrases(features.words, _phrases(self.files, self.words))
        shares = np.minimum(covered / np.maximum(features.words.num_words, 1), 1.0)
        return struct_of(listed=occurrences, listed_share=shares)

    def reject(self, scores: "pa.StructArray") -> "pa.DictionaryArray":
        """`listed` and `listed_share` where there is too much; see `Filter.reject`."""
        return first_failing(scores, {"listed": (None, self.max_count), "listed_share": (None, self.max_share)})


@cache
def _phrases(files: tuple[str, ...], words: tuple[str, ...]) -> dict[int, Any]:
    from firstwords.data.phrases import phrase_hashes, read_entries

    for path in (*files, None):
        try:
            # One after the other, so that a message can name the file.
            phrase_hashes(words if path is None else read_entries(resolve(path)))
        except (ValueError, OSError) as error:
            raise RecipeError(f"word_list: {path or 'words'}: {error}") from None
    return phrase_hashes([*words, *(entry for path in files for entry in read_entries(resolve(path)))])
