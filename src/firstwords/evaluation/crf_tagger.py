"""Tags by a conditional random field over hand-made features: what a tagger is worth without a neural network.

The features are those that linear taggers have used since CoNLL-2003: the word, its shape, its beginning and end, and
its neighbours. No lists of names, nothing tuned to a data set.

Source: Lafferty, McCallum and Pereira 2001 (the model); Liu and Nocedal 1989 (L-BFGS).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstwords.data.dataset import WordsRecord, label_names
from firstwords.model.tag_decoding import allowed_transitions, best_path

AFFIX_LENGTHS = (1, 2, 3, 4)
NEIGHBOURS = (-2, -1, 1, 2)
# Strength of the Gaussian prior and most steps of L-BFGS. Guessed, not chosen on any data, and equal for all data sets.
PENALTY = 0.5
ITERATIONS = 100
# A feature seen once tells little and there are more of those than of all others together.
FEWEST_OCCURRENCES = 2


def crf_tags(train: Sequence[WordsRecord], sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Tags of sentences by a model fitted to tagged ones.

    Args:
        train: Tagged sentences with at least one entity.
        sentences: Words of the sentences to be tagged; none empty.
    """
    return CrfTagger.fit(train).tag(sentences)


@dataclass(frozen=True)
class CrfTagger:
    """A fitted model.

    Attributes:
        names: K tags.
        numbers: Feature to its number.
        weights: (F, K).
        transitions: (K + 1, K), the last row for the start of a sentence.
    """

    names: list[str]
    numbers: dict[str, int]
    weights: NDArray[np.float64]
    transitions: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Sequence[WordsRecord], penalty: float = PENALTY, iterations: int = ITERATIONS) -> CrfTagger:
        """Maximum likelihood with a Gaussian prior.

        Args:
            train: Tagged sentences.
            penalty: Half of it times the squared weights is added to the loss.
            iterations: Of L-BFGS, at most.
        """
        from scipy.optimize import minimize

        from firstwords.evaluation import crf_kernels

        names = label_names(train)
        records = [record for record in train if record.words]
        counts = Counter(name for record in records for names_of in features(record.words) for name in names_of)
        numbers = {name: n for n, name in enumerate(sorted(f for f, c in counts.items() if c >= FEWEST_OCCURRENCES))}
        found, offsets = encoded([record.words for record in records], numbers)
        sentences = np.cumsum([0] + [len(record.words) for record in records])
        tag_numbers = {tag: number for number, tag in enumerate(names)}
        tags = np.array([tag_numbers[tag] for record in records for tag in record.tags], dtype=np.int64)
        shape, num_tags = (len(numbers), len(names)), len(names)
        cut = shape[0] * num_tags

        def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            gradient = penalty * values
            total = crf_kernels.loss_and_gradient(
                values[:cut].reshape(shape),
                values[cut:].reshape(num_tags + 1, num_tags),
                found,
                offsets,
                sentences,
                tags,
                gradient[:cut].reshape(shape),
                gradient[cut:].reshape(num_tags + 1, num_tags),
            )
            return total + penalty / 2 * float(values @ values), gradient

        start = np.zeros(cut + (num_tags + 1) * num_tags)
        best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": iterations, "maxcor": 6}).x
        return cls(names, numbers, best[:cut].reshape(shape), best[cut:].reshape(num_tags + 1, num_tags))

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """The best valid tags of every sentence."""
        from firstwords.evaluation import crf_kernels

        found, offsets = encoded(sentences, self.numbers)
        scores = np.empty((len(offsets) - 1, len(self.names)))
        crf_kernels.word_scores(self.weights, found, offsets, scores)
        transitions = np.where(allowed_transitions(self.names), self.transitions, -np.inf)
        ends = np.cumsum([len(words) for words in sentences])[:-1]
        return [[self.names[n] for n in best_path(each, transitions)] for each in np.split(scores, ends)]


def features(words: Sequence[str]) -> Iterator[list[str]]:
    """The features of every word of a sentence, by name."""
    lower, shapes = [word.lower() for word in words], [shape(word) for word in words]
    for place, word in enumerate(words):
        low = lower[place]
        found = ["bias", f"w={low}", f"W={word}", f"s={shapes[place]}"]
        found += [f"p={low[:n]}" for n in AFFIX_LENGTHS] + [f"e={low[-n:]}" for n in AFFIX_LENGTHS]
        found += [name for name, is_true in zip("UTDH", _flags(word), strict=True) if is_true]
        for distance in NEIGHBOURS:
            other = place + distance
            inside = 0 <= other < len(words)
            found.append(f"w{distance}={lower[other] if inside else ''}")
            found.append(f"s{distance}={shapes[other] if inside else ''}")
        before, behind = lower[place - 1] if place else "", lower[place + 1] if place + 1 < len(words) else ""
        found += [f"b={before}|{low}", f"a={low}|{behind}"]
        yield found


def shape(word: str) -> str:
    """A word with its letters as X and x, its digits as 9, and runs of one sign as one: `Xx`, `9-9`, `X.X.`"""
    short = ""
    for sign in word:
        kind = "X" if sign.isupper() else "x" if sign.isalpha() else "9" if sign.isdigit() else sign
        if not short.endswith(kind):
            short += kind
    return short


def encoded(sentences: Sequence[Sequence[str]], numbers: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Known features of all words one after another, int32, and (W + 1,) int64 bounds of each word's."""
    flat: list[int] = []
    offsets = [0]
    for words in sentences:
        for names in features(words):
            flat += [numbers[name] for name in names if name in numbers]
            offsets.append(len(flat))
    return np.array(flat, dtype=np.int32), np.array(offsets, dtype=np.int64)


def _flags(word: str) -> tuple[bool, bool, bool, bool]:
    return word.isupper(), word[:1].isupper(), any(sign.isdigit() for sign in word), "-" in word
