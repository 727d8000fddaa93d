"""Models whose true figures are known, for trials of intervals and tests.

Each trial draws items as an evaluation does: passages that are hard for a model or not, sentences with entities,
documents of unlike lengths. The truth is what the figure comes to over endlessly many items.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from firstwords.metrics.entities import f1_from_counts
from firstwords.metrics.metric import Metric
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.entity_score import EntityScore
from firstwords.metrics.metrics.exact_match import ExactMatch
from firstwords.metrics.metrics.perplexity import Perplexity

Draws = np.random.Generator
Drawn = tuple[Metric, dict[str, Any], list[Any]]
"""A metric, its items, and their groups."""

RIGHT = 0.72
FOUND, SPURIOUS = 0.7, 0.5
PAGE_ITEMS = 4


def accuracy(draws: Draws, items: int) -> Drawn:
    """Single items: right with probability 0.72."""
    right = draws.random(items) < RIGHT
    return (
        Accuracy(),
        {"gold": ["a"] * items, "predicted": ["a" if each else "b" for each in right]},
        list(range(items)),
    )


def accuracy_of_pages(draws: Draws, items: int) -> Drawn:
    """Four questions a page, and pages that are easy or hard: the units are pages."""
    pages = items // PAGE_ITEMS
    ease = draws.beta(2 * RIGHT, 2 * (1 - RIGHT), pages)
    right = draws.random((pages, PAGE_ITEMS)) < ease[:, None]
    given = ["a" if each else "b" for each in right.ravel()]
    return Accuracy(), {"gold": ["a"] * len(given), "predicted": given}, np.repeat(range(pages), PAGE_ITEMS).tolist()


def exact_match(draws: Draws, items: int) -> Drawn:
    """Hard questions: right with probability 0.12."""
    given = ["Paris" if each < 0.12 else "Rome" for each in draws.random(items)]
    return ExactMatch(), {"gold": [["paris"]] * items, "predicted": given}, list(range(items))


def entity_f1(draws: Draws, items: int) -> Drawn:
    """Sentences with 0 to 4 entities, found with probability 0.7, and false ones, 0.5 a sentence on average."""
    gold, predicted = [], []
    for _ in range(items):
        ease = draws.beta(7, 3)  # of mean FOUND
        true = ["B-x" if draws.random() < 0.4 else "O" for _ in range(5)]
        told = ["O" if tag == "O" or draws.random() >= ease else "B-x" for tag in true]
        false = ["B-x" if draws.random() < SPURIOUS / 5 else "O" for _ in range(5)]
        gold.append(true + ["O"] * 5)
        predicted.append(told + false)
    return EntityScore(), {"gold": gold, "predicted": predicted}, list(range(items))


def perplexity(draws: Draws, items: int) -> Drawn:
    """Documents of log-normal lengths, each with its own difficulty."""
    tokens = np.ceil(np.exp(draws.normal(5, 0.6, items)))
    nats = tokens * np.exp(draws.normal(math.log(3.2) - 0.3**2 / 2, 0.3, items))
    return Perplexity(), {"nats": nats.tolist(), "tokens": tokens.tolist()}, list(range(items))


TRUTHS: dict[str, tuple[Callable[[Draws, int], Drawn], float]] = {
    "accuracy": (accuracy, RIGHT),
    "accuracy-of-pages": (accuracy_of_pages, RIGHT),
    "exact-match": (exact_match, 0.12),
    # 2 matched / (gold + found) of a sentence: 2 entities, 1.4 found, 0.5 false.
    "entity-f1": (entity_f1, float(f1_from_counts(np.array([2 * FOUND, 2.0, 2 * FOUND + SPURIOUS])))),
    "perplexity": (perplexity, math.exp(3.2)),
}


def covered(name: str, items: int, trials: int, num_resamples: int = 10_000) -> int:
    """In how many trials the 95 % interval holds the truth."""
    draw, truth = TRUTHS[name]
    count = 0
    for trial in range(trials):
        metric, table, groups = draw(np.random.default_rng([11, trial]), items)
        interval = metric.interval(table, groups, seed=trial, num_resamples=num_resamples)
        count += interval.low <= truth <= interval.high
    return count


def two_systems(draws: Draws, items: int, first: float, second: float, discordant: float) -> tuple[Any, Any]:
    """Whether two systems of known accuracies are right on the same items, with a share on which just one is."""
    only_first = (discordant + first - second) / 2
    both = first - only_first
    assert 0 <= both <= 1 and only_first >= 0 and discordant >= only_first
    kind = draws.choice(4, items, p=[both, only_first, discordant - only_first, 1 - both - discordant])
    return (kind == 0) | (kind == 1), (kind == 0) | (kind == 2)


def entity_systems(draws: Draws, items: int) -> tuple[Any, Any]:
    """(items, 3) entity counts of two systems that are equally good, on sentences hard for both or for none."""
    tables = []
    entities = draws.binomial(5, 0.4, items)
    ease = draws.beta(7, 3, items)
    for _ in range(2):
        found = draws.binomial(entities, ease)
        false = draws.binomial(5, SPURIOUS / 5, items)
        tables.append(np.stack([found, entities, found + false], axis=1).astype(float))
    return tables[0], tables[1]
