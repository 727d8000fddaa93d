"""Misspelt words read as the known one that was likely meant: slips are undone before a model sees them.

A misspelt word falls into sub-words that say little of it, or is another word, which is why one edit in one word takes
so much from a classifier. Every word is held against the known ones at one edit's distance: which is likeliest between
its neighbours, given how rare slips are? Most known words are likeliest themselves, and stay. An unknown one is taken
for a slip wherever it can be one: what it says is mostly lost on the model anyway.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, log
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from firstwords.artifact import write_json
from firstwords.data.dataset import TextRecord
from firstwords.data.perturbation import rewritten, word_places
from firstwords.errors import RecipeError
from firstwords.recipe import Component
from firstwords.tokenizer.word_likelihoods import WordLikelihoods, words_in

if TYPE_CHECKING:
    from firstwords.tokenizer.tokenizer import Tokenizer

KNOWN_WORDS = "known_words.json"
CORRECTION_NOTE = f"""\
# Words are corrected before they are read

`firstwords` reads a word as another one of `{KNOWN_WORDS}`, at one edit's distance, where that is likelier between its
neighbours. transformers loads this folder without that: it gives the same answers for texts without such words.
"""
MIN_LETTERS = 3
# About what an attack on characters makes of a text; people write less of them (docs/log, slips).
SLIPS = 0.05
# Different words whose candidates are remembered.
REMEMBERED = 2**16


class KnownWords:
    """A lexicon that undoes single edits.

    Args:
        words: In small letters.
        likelihoods: Of these words between others.
        min_letters: Shorter words stay as they are, and no word becomes a shorter one.
        slips: Share of known words that are taken to be slips before their neighbours are seen, in (0, 1).

    Source: the noisy channel of Kernighan, Church & Gale 1990, all edits of a word equally likely; Pruthi et al. 2019
    for a corrector in front of a classifier; deletions on both sides as keys as in SymSpell (Garbe 2012), so that a
    look-up takes as many steps as the word has letters.
    """

    def __init__(
        self, words: Sequence[str], likelihoods: WordLikelihoods, min_letters: int = MIN_LETTERS, slips: float = SLIPS
    ) -> None:
        self.words, self.likelihoods = tuple(words), likelihoods
        self.min_letters, self.slips = min_letters, slips
        self._rank = {word: rank for rank, word in enumerate(words)}
        self._near: dict[str, list[str]] = {}
        for word in words:
            for key in {word, *_deletions(word)} if len(word) >= min_letters else ():
                self._near.setdefault(key, []).append(word)
        self._remembered = lru_cache(REMEMBERED)(self._candidates)

    def corrected(self, text: str) -> str:
        """A text as it was likely meant; from left to right, so that what stands before a word is corrected already."""
        places = word_places(text)
        words = [text[start:end] for start, end in places]
        changes = {}
        place = self.likelihoods.place
        before = place(None)
        for number, word in enumerate(words):
            after = place(words[number + 1] if number + 1 < len(words) else None)
            meant = self.meant(word, before, after)
            if meant != word:
                changes[number] = meant
            before = place(meant)
        return rewritten(text, places, changes) if changes else text

    def meant(self, word: str, before: int, after: int) -> str:
        """The likeliest known word that one edit makes this one of, or the word itself; in capitals as the word is.

        An edit is a letter too many, a missing, a wrong one, or two neighbours in the wrong order, and never the first
        or the last letter: readers go by these, and most slips spare them.

        Args:
            word: As it is written.
            before, after: Its neighbours, as `WordLikelihoods.place` gives them.
        """
        if len(word) < self.min_letters or not word.isalpha():
            return word
        small = word.lower()
        candidates = self._remembered(small)
        if not candidates:
            return word
        likely = self.likelihoods.between(small, before, after) if small in self._rank else -inf
        meant = None
        for each, slip in candidates:
            found = slip + self.likelihoods.between(each, before, after)
            if found > likely:
                meant, likely = each, found
        if meant is None:
            return word
        if word.isupper():
            return meant.upper()
        return meant[0].upper() + meant[1:] if word[0].isupper() else meant

    def _candidates(self, small: str) -> tuple[tuple[str, float], ...]:
        """Known words one edit away, the first known first, each with the log-likelihood of that slip in it."""
        # Equal keys begin and end alike, as nothing but inner letters is taken out of them.
        near = {word for key in (small, *_deletions(small)) for word in self._near.get(key, ())}
        # What the texts never had is not likelier anywhere than a known word.
        near = {word for word in near if small not in self._rank or self.likelihoods.was_met(word)}
        found = sorted((word for word in near if is_one_edit(small, word)), key=self._rank.__getitem__)
        return tuple((word, log(self.slips / _num_edits(len(word)))) for word in found)

    def save(self, folder: Path) -> None:
        """Write `known_words.json`."""
        own = {"min_letters": self.min_letters, "slips": self.slips, "words": list(self.words)}
        write_json(Path(folder) / KNOWN_WORDS, own | self.likelihoods.to_json())

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
            words, min_letters, slips = values["words"], values["min_letters"], values["slips"]
            if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
                raise ValueError("'words' must be a list of words")
            if type(min_letters) is not int or min_letters < 1:
                raise ValueError(f"min_letters = {min_letters!r:.40} is no number of letters")
            if type(slips) is not float or not 0 < slips < 1:
                raise ValueError(f"slips = {slips!r:.40} is no share")
            return cls(words, WordLikelihoods.from_json(words, values), min_letters, slips)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RecipeError(f"{path} cannot be read: {error}") from None


@dataclass(frozen=True, kw_only=True)
class Correction(Component):
    """What a classifier knows words by.

    Attributes:
        min_letters: Shorter words stay as they are, and no word becomes a shorter one.
        slips: Share of known words that are taken to be slips before their neighbours are seen.
    """

    min_letters: Annotated[int, Field(ge=2)] = MIN_LETTERS
    slips: Annotated[float, Field(gt=0, lt=1)] = SLIPS

    def known_words(self, records: Iterable[TextRecord], tokenizer: "Tokenizer") -> KnownWords:
        """Words of the training texts, the most frequent first, then what the base knows.

        Args:
            records: To learn from.
            tokenizer: Of the base; its own known words, if it was fine-tuned with any, and the whole ones of its
                vocabulary.
        """
        texts = [words_in(text) for record in records for text in (record.text, record.pair) if text is not None]
        counts = Counter(word for text in texts for word in text)
        learnt = sorted((word for word in counts if word.isalpha()), key=lambda word: (-counts[word], word))
        earlier = tokenizer.known_words.words if tokenizer.known_words is not None else ()
        words = tuple(dict.fromkeys([*learnt, *earlier, *whole_words(tokenizer)]))
        return KnownWords(words, WordLikelihoods.of(texts, words), self.min_letters, self.slips)


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


def _num_edits(num_letters: int) -> int:
    """Swaps, deletions, insertions and other letters inside a word of so many."""
    return max(1, (num_letters - 3) + (num_letters - 2) + 26 * (num_letters - 1) + 25 * (num_letters - 2))


def _deletions(word: str) -> list[str]:
    """The word without one of its inner letters."""
    return [word[:i] + word[i + 1 :] for i in range(1, len(word) - 1)]
