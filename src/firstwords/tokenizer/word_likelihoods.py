"""How likely a word is between its neighbours: what tells a slip that is a word from the word that was meant.

Words are counted in texts, alone and in pairs of neighbours, and smoothed as in Witten & Bell 1991 (method C). The
noisy channel for slips that are words is that of Mays, Damerau & Mercer 1991.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import log
from typing import Any

from firstwords.data.perturbation import word_places

# What stands beside a word and is none of the known ones: the end of a text; signs, digits and new words.
EDGE, OTHER = 0, 1
_FIRST = 2
# Pairs that are kept, the most frequent ones: some 5 MB of a file. Rarer ones of a large corpus tell little.
MAX_PAIRS = 2**18


def words_in(text: str) -> list[str]:
    """The words of a text in small letters, signs and digits among them."""
    return [text[start:end].lower() for start, end in word_places(text)]


class WordLikelihoods:
    """Likelihoods of known words in context.

    Args:
        words: Known ones, in small letters.
        counts: How often `EDGE`, `OTHER` and each of the words was met, in this order.
        pairs: How often two neighbours were met, by their numbers: `EDGE`, `OTHER`, and the words from 2 on.
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int], pairs: Mapping[tuple[int, int], int]) -> None:
        self.counts, self.pairs = tuple(counts), dict(pairs)
        self._number = {word: number for number, word in enumerate(words, _FIRST)}
        self._total = sum(self.counts) + len(self.counts) / 2
        self._behind: Counter[int] = Counter()
        self._kinds_behind: Counter[int] = Counter()
        for (before, _), number in self.pairs.items():
            self._behind[before] += number
            self._kinds_behind[before] += 1

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]], words: Sequence[str]) -> "WordLikelihoods":
        """Count words and pairs.

        Args:
            texts: To count in, as `words_in` gives them.
            words: Known ones, in small letters.
        """
        numbers = {word: place for place, word in enumerate(words, _FIRST)}
        counts: Counter[int] = Counter()
        pairs: Counter[tuple[int, int]] = Counter()
        for text in texts:
            found = [numbers.get(word, OTHER) for word in text]
            counts.update([*found, EDGE])
            pairs.update(pairwise([EDGE, *found, EDGE]))
        kept = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_PAIRS]
        return cls(words, [counts[place] for place in range(len(words) + _FIRST)], dict(kept))

    def place(self, word: str | None) -> int:
        """The number of a neighbour; None is the end of the text."""
        return EDGE if word is None else self._number.get(word.lower(), OTHER)

    def was_met(self, word: str) -> bool:
        """Whether the texts had a known word, which need not be."""
        return self.counts[self._number[word]] > 0

    def between(self, word: str, before: int, after: int) -> float:
        """Log-likelihood of a known word and of what stands behind it, given what stands before it, in nats."""
        number = self._number[word]
        return log(self._given(number, before)) + log(self._given(after, number))

    def _alone(self, number: int) -> float:
        return (self.counts[number] + 0.5) / self._total

    def _given(self, number: int, before: int) -> float:
        kinds = self._kinds_behind[before]
        if not kinds:
            return self._alone(number)
        return (self.pairs.get((before, number), 0) + kinds * self._alone(number)) / (self._behind[before] + kinds)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        pairs = [[before, after, count] for (before, after), count in self.pairs.items()]
        return {"counts": list(self.counts), "pairs": pairs}

    @classmethod
    def from_json(cls, words: Sequence[str], values: Mapping[str, Any]) -> "WordLikelihoods":
        """What `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: If it is something else.
        """
        counts = values["counts"]
        pairs = {(before, after): count for before, after, count in values["pairs"]}
        numbers = [*counts, *(number for pair in pairs for number in pair), *pairs.values()]
        if not all(type(each) is int and each >= 0 for each in numbers):
            raise ValueError("counts are whole numbers, none below 0")
        if len(counts) != len(words) + _FIRST or any(number >= len(counts) for pair in pairs for number in pair):
            raise ValueError(f"{len(counts):,} counts, and pairs, do not belong to {len(words):,} words")
        return cls(words, counts, pairs)
