"""How much of a wanted text stands in a given one: exact match, F1 over words, ROUGE.

Source: Rajpurkar et al. 2016 (normalisation, F1 over words); Lin 2004 (ROUGE).
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ROUGE_WORD = re.compile(r"[a-z0-9]+")


def normalise(text: str) -> str:
    """Lower case, without punctuation and English articles, white space folded: SQuAD's rules, in their order."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def token_f1(wanted: str, given: str) -> float:
    """F1 over the normalised words that both have, as bags; where one side has no words, 1 if both have none."""
    first, second = normalise(wanted).split(), normalise(given).split()
    if not first or not second:
        return float(first == second)
    return _f1(sum((Counter(first) & Counter(second)).values()), len(first), len(second))


def rouge_words(text: str) -> list[str]:
    """Runs of ASCII letters and digits in lower case, unstemmed: the words that ROUGE compares."""
    return _ROUGE_WORD.findall(text.lower())


def rouge_n(wanted: str, given: str, n: int) -> float:
    """F1 over the n-grams of words that both have; 0 where a side has none."""
    first, second = (_ngrams(rouge_words(text), n) for text in (wanted, given))
    return _f1(sum((first & second).values()), sum(first.values()), sum(second.values()))


def rouge_l(wanted: str, given: str) -> float:
    """F1 over the longest common subsequence of words."""
    first, second = rouge_words(wanted), rouge_words(given)
    return _f1(longest_common(first, second), len(first), len(second))


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for place, other in enumerate(second, start=1):
            diagonal, row[place] = row[place], diagonal + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]


def _ngrams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1))


def _f1(common: int, wanted: int, given: int) -> float:
    return 2 * common / (wanted + given) if common else 0.0
