"""What a labelled task is worth without a neural network: a dictionary, the frequent class, linear words.

A score says little alone. These are trained on the same training part as the model and never see the test part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from firstwords.data.dataset import OUTSIDE, TextRecord, WordsRecord, draw
from firstwords.metrics.entities import find_entities

DEVELOPMENT_SHARE = 0.15
STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse regularisation that the linear model chooses from."""

Surface = tuple[str, ...]


def majority_label(train: Sequence[TextRecord]) -> str:
    """The most frequent training label; the first in the alphabet among equals."""
    counts = Counter(record.label for record in train)
    return min(counts, key=lambda label: (-counts[label], label))


def linear_labels(train: Sequence[TextRecord], texts: Sequence[str]) -> tuple[list[str], float]:
    """Labels by logistic regression over TF-IDF weights of words and word pairs.

    The strength of the regularisation is chosen on a part of the training groups, then the model is fitted to all.

    Args:
        train: At least two labels among them.
        texts: To be labelled.

    Returns:
        A label per text, and the chosen strength.
    """
    fitted = [r for r in train if draw("baseline development", r.group) >= DEVELOPMENT_SHARE]
    development = [r for r in train if draw("baseline development", r.group) < DEVELOPMENT_SHARE]
    best = STRENGTHS[len(STRENGTHS) // 2]
    if development and len({r.label for r in fitted}) > 1:
        right = {}
        for strength in STRENGTHS:
            predicted = _fit_and_label(fitted, [r.text for r in development], strength)
            right[strength] = sum(p == r.label for p, r in zip(predicted, development, strict=True))
        best = max(STRENGTHS, key=lambda strength: right[strength])
    return _fit_and_label(train, texts, best), best


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


def _fit_and_label(train: Sequence[TextRecord], texts: Sequence[str], strength: float) -> list[str]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    # Words of one letter count too: in texts about programs they tell much.
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    linear = LogisticRegression(C=strength, max_iter=1000)
    pipeline = make_pipeline(words, linear).fit([r.text for r in train], [r.label for r in train])
    return [str(label) for label in pipeline.predict(list(texts))]


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
