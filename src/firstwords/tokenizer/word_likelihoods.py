"""How likely a word is between its neighbours: what tells a slip that is a word from the word that was meant.

Words are counted in texts, alone and in pairs of neighbours. What was never met is told from a slip by its letters:
`mauna` is written like a word, `ctiy` is not.

Source: pairs smoothed as in Witten & Bell 1991 (method C); the share of new words is that of the words met once (Good
1953); the noisy channel for slips that are words as in Mays, Damerau & Mercer 1991.
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
# Added to the count of each of the signs that a word is made of, about so many: nothing is impossible.
_LITTLE = 0.1
_NUM_SIGNS = 30


class WordLikelihoods:
    """Likelihoods of known words in context, and of new ones by their letters.

    Args:
        words: Known ones, in small letters.
        counts: How often `EDGE`, `OTHER` and each of the words was met, in this order.
        pairs: How often two neighbours were met, by their numbers: `EDGE`, `OTHER`, and the words from 2 on.
        new_shares: Of the words that begin with a small letter, and of those with a capital, how many are new ones, in
            (0, 1): names are new more often.
    """

    def __init__(
        self,
        words: Sequence[str],
        counts: Sequence[int],
        pairs: Mapping[tuple[int, int], int],
        new_shares: tuple[float, float],
    ) -> None:
        self.counts, self.pairs, self.new_shares = tuple(counts), dict(pairs), new_shares
        self._number = {word: number for number, word in enumerate(words, _FIRST)}
        self._total = sum(self.counts) + len(self.counts) / 2
        self._behind: Counter[int] = Counter()
        self._kinds_behind: Counter[int] = Counter()
        for (before, _), number in self.pairs.items():
            self._behind[before] += number
            self._kinds_behind[before] += 1
        self._letters: Counter[str] = Counter()
        self._letter_contexts: Counter[str] = Counter()
        for word in words:
            for three in _threes(word):
                self._letters[three] += 1
                self._letter_contexts[three[:2]] += 1

    @classmethod
    def of(cls, texts: Iterable[str], words: Sequence[str], vocabulary: Iterable[str]) -> "WordLikelihoods":
        """Count words and pairs.

        Args:
            texts: To count in.
            words: Known ones, in small letters.
            vocabulary: Those that are known without the texts.
        """
        numbers = {word: place for place, word in enumerate(words, _FIRST)}
        counts: Counter[int] = Counter()
        pairs: Counter[tuple[int, int]] = Counter()
        with_capital: Counter[int] = Counter()
        for text in texts:
            written = [text[start:end] for start, end in word_places(text)]
            found = [numbers.get(word.lower(), OTHER) for word in written]
            counts.update([*found, EDGE])
            pairs.update(pairwise([EDGE, *found, EDGE]))
            with_capital.update(place for place, word in zip(found, written, strict=True) if word[:1].isupper())
        elsewhere = {numbers[word] for word in vocabulary if word in numbers}
        met = {place: counts[place] for place in numbers.values()}
        once = [place for place, count in met.items() if count == 1 and place not in elsewhere]
        capitals = sum(with_capital[place] for place in met)
        once_capitals = sum(with_capital[place] for place in once)
        # One new word of two is taken to have been seen, so that no share is 0 or 1.
        new_shares = (
            (len(once) - once_capitals + 1) / (sum(met.values()) - capitals + 2),
            (once_capitals + 1) / (capitals + 2),
        )
        kept = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_PAIRS]
        return cls(words, [counts[place] for place in range(len(words) + _FIRST)], dict(kept), new_shares)

    def place(self, word: str | None) -> int:
        """The number of a neighbour; None is the end of the text."""
        return EDGE if word is None else self._number.get(word.lower(), OTHER)

    def was_met(self, word: str) -> bool:
        """Whether the texts had a known word, which need not be."""
        return self.counts[self._number[word]] > 0

    def known(self, word: str, before: int, after: int) -> float:
        """Log-likelihood of a known word and of what stands behind it, given what stands before it, in nats."""
        number = self._number[word]
        return log(self._given(number, before)) + log(self._given(after, number))

    def new(self, word: str, after: int) -> float:
        """Log-likelihood of a word that was never met, by its letters, and of what stands behind it.

        Args:
            word: As it is written.
            after: What stands behind it.
        """
        letters = sum(
            log((self._letters[three] + _LITTLE) / (self._letter_contexts[three[:2]] + _LITTLE * _NUM_SIGNS))
            for three in _threes(word.lower())
        )
        return log(self.new_shares[word[:1].isupper()]) + letters + log(self._alone(after))

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
        return {"counts": list(self.counts), "pairs": pairs, "new_shares": list(self.new_shares)}

    @classmethod
    def from_json(cls, words: Sequence[str], values: Mapping[str, Any]) -> "WordLikelihoods":
        """What `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: If it is something else.
        """
        counts, (small, capital) = values["counts"], values["new_shares"]
        pairs = {(before, after): count for before, after, count in values["pairs"]}
        numbers = [*counts, *(number for pair in pairs for number in pair), *pairs.values()]
        if not all(type(each) is int and each >= 0 for each in numbers):
            raise ValueError("counts are whole numbers, none below 0")
        if len(counts) != len(words) + _FIRST or any(number >= len(counts) for pair in pairs for number in pair):
            raise ValueError(f"{len(counts):,} counts, and pairs, do not belong to {len(words):,} words")
        if not all(type(share) is float and 0 < share < 1 for share in (small, capital)):
            raise ValueError(f"new_shares = {[small, capital]!r:.40} are no shares")
        return cls(words, counts, pairs, (small, capital))


def _threes(word: str) -> list[str]:
    """Every letter behind the two before it, the ends marked."""
    marked = f"\n\n{word}\n"
    return [marked[place : place + 3] for place in range(len(marked) - 2)]
