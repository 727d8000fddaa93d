"""Unknown words read as the nearest known one: slips are undone before a model sees them.

A misspelt word falls into sub-words that say little of it, which is why one edit in one word takes so much from a
classifier. A word that neither the base's vocabulary nor the training texts know is looked up among those that they
know; text without such words stays as it is.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from firstwords.artifact import write_json
from firstwords.data.dataset import TextRecord
from firstwords.data.perturbation import rewritten, word_places
from firstwords.errors import RecipeError
from firstwords.recipe import Component

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

KNOWN_WORDS = "known_words.json"
CORRECTION_NOTE = f"""\
# Words are corrected before they are read

`firstwords` reads a word that is not in `{KNOWN_WORDS}` as the nearest one that is, at one edit's distance.
transformers loads this folder without that: it gives the same answers for texts whose words are all known.
"""
# Different words whose correction is remembered.
REMEMBERED = 2**16


class KnownWords:
    """A lexicon that undoes single edits.

    Args:
        words: In small letters, the likeliest first.
        min_letters: Shorter words stay as they are, and no word becomes a shorter one.

    Source: Pruthi et al. 2019 for a corrector in front of a classifier; deletions on both sides as keys as in SymSpell
    (Garbe 2012), so that a look-up takes as many steps as the word has letters.
    """

    def __init__(self, words: Sequence[str], min_letters: int) -> None:
        self.words = tuple(words)
        self.min_letters = min_letters
        self._rank = {word: rank for rank, word in enumerate(words)}
        self._near: dict[str, list[str]] = {}
        for word in words:
            for key in {word, *_deletions(word)} if len(word) >= min_letters else ():
                self._near.setdefault(key, []).append(word)
        self._remembered = lru_cache(REMEMBERED)(self._nearest)

    def corrected(self, text: str) -> str:
        """A text whose unknown words of letters are the nearest known ones, where there are any."""
        places = word_places(text)
        changes = {}
        for number, (start, end) in enumerate(places):
            word = text[start:end]
            known = self.nearest(word)
            if known != word:
                changes[number] = known
        return rewritten(text, places, changes) if changes else text

    def nearest(self, word: str) -> str:
        """The likeliest known word one edit away, written in capitals as the word is; the word itself if it is known.

        An edit is a letter too many, a missing, a wrong one, or two neighbours in the wrong order, and never the first
        or the last letter: readers go by these, and most slips spare them.
        """
        small = word.lower()
        if len(word) < self.min_letters or not word.isalpha() or small in self._rank:
            return word
        found = self._remembered(small)
        if found is None:
            return word
        if word.isupper():
            return found.upper()
        return found[0].upper() + found[1:] if word[0].isupper() else found

    def _nearest(self, small: str) -> str | None:
        # Equal keys begin and end alike, as nothing but inner letters is taken out of them.
        near = {word for key in (small, *_deletions(small)) for word in self._near.get(key, ())}
        return min((word for word in near if is_one_edit(small, word)), key=self._rank.__getitem__, default=None)

    def save(self, folder: Path) -> None:
        """Write `known_words.json`."""
        write_json(Path(folder) / KNOWN_WORDS, {"min_letters": self.min_letters, "words": list(self.words)})

    @classmethod
    def load(cls, folder: Path) -> "KnownWords | None":
        """Read what `save` wrote; None where a folder has nothing of the kind.

        Raises:
            RecipeError: If the file is damaged.
        """
        path = Path(folder) / KNOWN_WORDS
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_bytes())
            words, min_letters = values["words"], values["min_letters"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RecipeError(f"{path} cannot be read: {error}") from None
        if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
            raise RecipeError(f"{path}: 'words' must be a list of words")
        if not isinstance(min_letters, int) or min_letters < 1:
            raise RecipeError(f"{path}: min_letters = {min_letters!r:.40} is no number of letters")
        return cls(words, min_letters)


@dataclass(frozen=True, kw_only=True)
class Correction(Component):
    """What a classifier knows words by.

    Attributes:
        min_letters: Shorter words stay as they are, and no word becomes a shorter one.
    """

    min_letters: Annotated[int, Field(ge=2)] = 3

    def known_words(self, records: Iterable[TextRecord], tokenizer: "Tokenizer") -> KnownWords:
        """Words of the training texts, the most frequent first, then what the base knows.

        Args:
            records: To learn from.
            tokenizer: Of the base; its own known words, if it was fine-tuned with any, and the whole ones of its
                vocabulary.
        """
        counts: Counter[str] = Counter()
        for text in (text for record in records for text in (record.text, record.pair) if text is not None):
            counts.update(text[start:end].lower() for start, end in word_places(text))
        learnt = sorted((word for word in counts if word.isalpha()), key=lambda word: (-counts[word], word))
        earlier = tokenizer.known_words.words if tokenizer.known_words is not None else ()
        return KnownWords(tuple(dict.fromkeys([*learnt, *earlier, *whole_words(tokenizer)])), self.min_letters)


def whole_words(tokenizer: "Tokenizer") -> list[str]:
    """Words in small letters that are one token in running text, in the order of the vocabulary."""
    written = {}
    for number in range(tokenizer.vocab_size):
        word = tokenizer.decode([number]).strip()
        if word.isalpha():
            written[number] = word
    # A token of a word's inside may be written like a word of its own: what counts is what running text gives.
    before = tokenizer.encode("a")
    encoded = tokenizer.encode_batch(f"a {word}" for word in written.values())
    found = [
        word.lower() for (number, word), ids in zip(written.items(), encoded, strict=True) if ids == [*before, number]
    ]
    return list(dict.fromkeys(word for word in found if word.isalpha()))


def is_one_edit(one: str, other: str) -> bool:
    """Whether a single insertion, deletion, substitution or exchange of neighbours makes one word the other."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1 or one == other:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[same:] == other[same + 1 :]
    if one[same + 1 :] == other[same + 1 :]:
        return True
    return one[same : same + 2] == other[same : same + 2][::-1] and one[same + 2 :] == other[same + 2 :]


def _deletions(word: str) -> list[str]:
    """The word without one of its inner letters."""
    return [word[:i] + word[i + 1 :] for i in range(1, len(word) - 1)]
