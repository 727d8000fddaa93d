"""What a labelled task is worth without a neural network: a dictionary, the frequent class, linear words.

A score says little alone. These are trained on the same training part as the model and never see the test part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firstwords.data.dataset import OUTSIDE, TextRecord, WordsRecord
from firstwords.metrics.classification import accuracy, macro_f1
from firstwords.metrics.entities import find_entities

STRENGTHS = (10.0, 1.0, 100.0)
"""Inverse regularisation that the linear model chooses from; the first among equally good ones, or where it has no
text to choose on."""

Surface = tuple[str, ...]
Probabilities = Callable[[Sequence[str]], NDArray[np.float64]]
"""From N texts to the (N, L) probabilities of labels."""


def majority_label(train: Sequence[TextRecord]) -> str:
    """The most frequent training label; the first in the alphabet among equals."""
    counts = Counter(record.label for record in train)
    return min(counts, key=lambda label: (-counts[label], label))


def majority_record(train: Sequence[TextRecord]) -> TextRecord:
    """A training text with the most frequent label, or the most frequent set of labels."""
    label = majority_label(train)
    return next(record for record in train if record.label == label)


def linear_answers(
    train: Sequence[TextRecord], validation: Sequence[TextRecord], asked: Sequence[TextRecord]
) -> list[Any]:
    """A label for each text, or a list of labels where a text may have several (each by a model of its own)."""
    texts = [record.whole for record in asked]
    if not any(record.labels is not None for record in train):
        return linear_labels(train, validation, texts)
    names = sorted({label for record in train for label in record.labels or ()})
    answers: list[list[str]] = [[] for _ in asked]
    for name in names:
        fitted_to, chosen_on = ([_yes_or_no(record, name) for record in part] for part in (train, validation))
        for answer, found in zip(answers, linear_labels(fitted_to, chosen_on, texts), strict=True):
            if found == name:
                answer.append(name)
    return answers


def _yes_or_no(record: TextRecord, label: str) -> TextRecord:
    return replace(record, label=label if label in (record.labels or ()) else "", labels=None)


def linear_labels(train: Sequence[TextRecord], validation: Sequence[TextRecord], texts: Sequence[str]) -> list[str]:
    """Labels by logistic regression over TF-IDF weights of words and word pairs; see `linear_probabilities`."""
    if len({record.label for record in train}) == 1:
        return [train[0].label] * len(texts)
    labels, probabilities = linear_probabilities(train, validation, texts)
    return [labels[index] for index in probabilities.argmax(axis=1)]


def linear_probabilities(
    train: Sequence[TextRecord], validation: Sequence[TextRecord], texts: Sequence[str], balanced: bool = False
) -> tuple[list[str], NDArray[np.float64]]:
    """The labels, sorted, and the probability of each for each text (N, L), by logistic regression over TF-IDF weights
    of words and word pairs.

    Args:
        train: As in `fitted_linear`, and so are the others.
        validation: See there.
        texts: To be labelled.
        balanced: See there.
    """
    labels, probabilities = fitted_linear(train, validation, balanced)
    return labels, probabilities(texts)


def fitted_linear(
    train: Sequence[TextRecord], validation: Sequence[TextRecord], balanced: bool = False
) -> tuple[list[str], Probabilities]:
    """The labels, sorted, and a function from N texts to the (N, L) probabilities of the labels: the same model.

    Args:
        train: What it is fitted to; of at least two labels.
        validation: The strength of the regularisation is chosen by the accuracy on these (with `balanced` by macro-F1);
            where there are none, the first one is taken.
        balanced: Count a rare label as much as a frequent one.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    # Words of one letter count too: in texts about programs they tell much.
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    weights = words.fit_transform([record.whole for record in train])
    labels = [record.label for record in train]
    strengths = STRENGTHS if validation else STRENGTHS[:1]
    weighting = "balanced" if balanced else None
    # One against the rest, by liblinear: on 20 Newsgroups 12 s a fit and 71.2 % right, where the multinomial model by
    # L-BFGS takes 98 s for 69.5 % (one thread).
    fitted = [
        OneVsRestClassifier(
            LogisticRegression(C=strength, solver="liblinear", max_iter=1000, class_weight=weighting)
        ).fit(weights, labels)
        for strength in strengths
    ]
    best = fitted[0]
    if validation:
        chosen_on = words.transform([record.whole for record in validation])
        right = [record.label for record in validation]
        figure = macro_f1 if balanced else accuracy
        best = max(fitted, key=lambda model: figure(right, [str(each) for each in model.predict(chosen_on)]))
    names = [str(label) for label in best.classes_]
    return names, lambda texts: np.asarray(best.predict_proba(words.transform(list(texts))), np.float64)


def dictionary_tags(train: Sequence[WordsRecord], sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Tags by looking up the training entities, the longest first, case counting.

    A string is kept if it is an entity in at least half of its occurrences in the training part, with its most frequent
    type there.

    Args:
        train: Tagged sentences.
        sentences: Words of the sentences to be tagged.
    """
    entities = _dictionary(train)
    longest = max((len(surface) for surface in entities), default=0)
    return [_look_up(words, entities, longest) for words in sentences]


def _dictionary(train: Sequence[WordsRecord]) -> dict[Surface, str]:
    types: dict[Surface, Counter[str]] = defaultdict(Counter)
    for record in train:
        for entity in find_entities(record.tags):
            types[record.words[entity.start : entity.end]][entity.type] += 1
    lengths = sorted({len(surface) for surface in types})
    occurrences: Counter[Surface] = Counter()
    for record in train:
        for length in lengths:
            for start in range(len(record.words) - length + 1):
                surface = record.words[start : start + length]
                if surface in types:
                    occurrences[surface] += 1
    return {
        surface: min(counts, key=lambda type: (-counts[type], type))
        for surface, counts in types.items()
        if 2 * counts.total() >= occurrences[surface]
    }


def _look_up(words: Sequence[str], entities: dict[Surface, str], longest: int) -> list[str]:
    tags = [OUTSIDE] * len(words)
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + longest), start, -1):
            type = entities.get(tuple(words[start:end]))
            if type is not None:
                tags[start:end] = [f"B-{type}", *[f"I-{type}"] * (end - start - 1)]
                start = end
                break
        else:
            start += 1
    return tags
