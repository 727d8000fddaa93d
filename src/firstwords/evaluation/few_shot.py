"""Prompts with labelled examples: which examples, how an answer is scored, and how scores are calibrated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from firstwords.data.dataset import TextRecord
from firstwords.inference import demonstration
from firstwords.training.batch import keyed_generator
from firstwords.training.episodes import balanced_counts

Selection = Literal["random", "similarity", "diversity"]
Scoring = Literal["direct", "per_token", "per_byte", "pmi", "channel"]
Calibration = Literal["none", "contextual", "batch"]
Pool = Mapping[str, Sequence[TextRecord]]
States = Callable[[Sequence[str]], NDArray[np.float64]]
Pair = tuple[str, str]

CONTENT_FREE = ("N/A", "", "[MASK]")
"""Texts that say nothing (Zhao et al. 2021, section 5)."""
OVERLAP_WORDS = 3
OVERLAP_SHARE = 0.5
"""Two texts are nearly the same when they share half of all their runs of three words."""


# --- Overlap ---------------------------------------------------------------------------------------------------------


def normalised(text: str) -> tuple[str, ...]:
    """The words of a text, without case, punctuation and spacing."""
    return tuple("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def word_runs(text: str) -> frozenset[tuple[str, ...]]:
    """All runs of `OVERLAP_WORDS` words; a shorter text is one run."""
    words = normalised(text)
    last = max(1, len(words) - OVERLAP_WORDS + 1)
    return frozenset(words[start : start + OVERLAP_WORDS] for start in range(last))


class OverlapIndex:
    """Finds texts that are, by their content, the same as one of a set or nearly so; a place in a file tells nothing.

    Args:
        texts: The set: what will be asked.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._runs = [word_runs(text) for text in texts]
        self._places: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, runs in enumerate(self._runs):
            for run in runs:
                self._places[run].append(place)

    def overlapping(self, text: str) -> set[int]:
        """The members of the set that share `OVERLAP_SHARE` or more of their runs with the text (Jaccard)."""
        runs = word_runs(text)
        shared: dict[int, int] = defaultdict(int)
        for run in runs:
            for place in self._places.get(run, ()):
                shared[place] += 1
        return {
            place
            for place, count in shared.items()
            if count >= OVERLAP_SHARE * (len(runs) + len(self._runs[place]) - count)
        }


def without_overlap(pool: Sequence[TextRecord], asked: Sequence[str]) -> tuple[list[TextRecord], int]:
    """The records of a pool that overlap no text that is asked, and how many do."""
    index = OverlapIndex(asked)
    kept = [record for record in pool if not index.overlapping(record.text)]
    return kept, len(pool) - len(kept)


# --- Choosing examples -----------------------------------------------------------------------------------------------


def random_examples(pool: Pool, num_examples: int, seed: int, draw: int) -> list[TextRecord]:
    """Balanced examples in random order: a pure function of pool, seed and draw.

    Args:
        pool: Texts of each label; the order of labels and texts counts.
        num_examples: In all. A label with too few texts gives all it has.
        seed: Of the task.
        draw: Its number.
    """
    generator = keyed_generator(seed, 0, draw, "few-shot examples")
    counts = balanced_counts(num_examples, len(pool), generator)
    chosen: list[TextRecord] = []
    for records, count in zip(pool.values(), counts, strict=True):
        places = generator.choice(len(records), min(int(count), len(records)), replace=False)
        chosen += [records[place] for place in places]
    return [chosen[place] for place in generator.permutation(len(chosen))]


def diverse_examples(pool: Pool, num_examples: int, seed: int, draw: int, states: States) -> list[TextRecord]:
    """Balanced examples that are far from each other: within a label each next is the farthest from those before.

    The first of each label is drawn, so that draws differ (farthest-point traversal, Gonzalez 1985).
    """
    generator = keyed_generator(seed, 0, draw, "few-shot examples")
    counts = balanced_counts(num_examples, len(pool), generator)
    chosen: list[TextRecord] = []
    for records, count in zip(pool.values(), counts, strict=True):
        points = _unit([record.text for record in records], states)
        taken = [int(generator.integers(len(records)))][: int(count)]
        nearest = points @ points[taken[0]] if taken else np.zeros(0)
        while len(taken) < min(int(count), len(records)):
            nearest[taken] = np.inf
            taken.append(int(nearest.argmin()))
            nearest = np.maximum(nearest, points @ points[taken[-1]])
        chosen += [records[place] for place in taken]
    return [chosen[place] for place in generator.permutation(len(chosen))]


def similar_examples(
    pool: Pool, num_examples: int, seed: int, draw: int, states: States, asked: Sequence[str]
) -> list[list[TextRecord]]:
    """For each text that is asked the balanced examples most like it, the most similar last (Liu et al. 2022)."""
    generator = keyed_generator(seed, 0, draw, "few-shot examples")
    counts = balanced_counts(num_examples, len(pool), generator)
    places = _unit(asked, states)
    found: list[list[tuple[float, TextRecord]]] = [[] for _ in asked]
    for records, count in zip(pool.values(), counts, strict=True):
        likeness = places @ _unit([record.text for record in records], states).T  # (asked, records)
        for row, best in enumerate(np.argsort(-likeness, axis=1, kind="stable")[:, : int(count)]):
            found[row] += [(float(likeness[row, place]), records[place]) for place in best]
    return [[record for _, record in sorted(each, key=lambda pair: pair[0])] for each in found]


def _unit(texts: Sequence[str], states: States) -> NDArray[np.float64]:
    points = states([demonstration.tidy(text) for text in texts])
    points = points - points.mean(axis=0)  # a model's states share a large common part that tells nothing
    return points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)


# --- Prompts ---------------------------------------------------------------------------------------------------------


def prompt_pairs(
    examples: Sequence[TextRecord], text: str, labels: Sequence[str], scoring: Scoring, max_words: int
) -> list[Pair]:
    """Context and continuation for each label: the label behind the text, or (channel) the text behind the label."""
    beginning = "".join(_example(each, scoring, max_words) for each in examples)
    text = demonstration.tidy(text, max_words)
    names = [demonstration.label_words(label) for label in labels]
    if scoring == "channel":
        return [(beginning + demonstration.announcement(name), demonstration.announced(text)) for name in names]
    return [(beginning + demonstration.question(text), demonstration.answer(name)) for name in names]


def neutral_pairs(labels: Sequence[str]) -> list[Pair]:
    """Each label behind its lead alone: how likely it is with nothing to go by (Holtzman et al. 2021, section 3)."""
    return [(demonstration.LEAD, demonstration.answer(demonstration.label_words(label))) for label in labels]


def _example(record: TextRecord, scoring: Scoring, max_words: int) -> str:
    text, label = demonstration.tidy(record.text, max_words), demonstration.label_words(record.label)
    if scoring == "channel":
        return demonstration.announcement(label) + demonstration.announced(text)
    return demonstration.question(text) + demonstration.answer(label)


# --- Scores ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    """Log-likelihoods of one continuation: of each token, and its bytes in UTF-8."""

    tokens: NDArray[np.float64]
    num_bytes: int


def score(answered: Answered, scoring: Scoring, neutral: float = 0.0) -> float:
    """What decides between labels: the sum in nats, or that per token, per byte, or above a neutral prompt's.

    Args:
        answered: Of one label.
        scoring: See above; `channel` sums, over another continuation.
        neutral: Log-likelihood of the label behind a neutral prompt, for `pmi`.
    """
    total = float(answered.tokens.sum())
    if scoring == "per_token":
        return total / len(answered.tokens)
    if scoring == "per_byte":
        return total / answered.num_bytes
    return total - neutral if scoring == "pmi" else total


def log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, L) log-probabilities of the labels from their scores."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def contextually_calibrated(scores: NDArray[np.float64], content_free: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities divided by the mean probability of each label behind content-free texts, renormalised.

    Args:
        scores: (N, L) of the texts, in nats.
        content_free: (C, L) of content-free texts behind the same examples.

    Returns:
        (N, L) log-probabilities.

    Source: Zhao et al. 2021, equation 1 with W = diag(p)^-1.
    """
    prior = np.exp(log_softmax(content_free)).mean(axis=0)
    return log_softmax(log_softmax(scores) - np.log(prior))


def batch_calibrated(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities less their mean over all texts asked, renormalised; no label of them is used.

    Source: Zhou et al. 2024 (batch calibration), equation 5.
    """
    own = log_softmax(scores)
    return log_softmax(own - own.mean(axis=0, keepdims=True))
