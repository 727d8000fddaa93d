"""The best valid tag sequence of a sentence: Viterbi search in which a tag that cannot follow is never taken.

The cheap half of a conditional random field: nothing is learned, but an entity never begins in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def allowed_transitions(tags: Sequence[str]) -> np.ndarray:
    """Which tag may follow which: (K + 1, K) booleans, the last row for the start of a sentence.

    `I-<type>` follows only `B-<type>` and `I-<type>`; everything else follows everything.
    """
    allowed = np.ones((len(tags) + 1, len(tags)), dtype=bool)
    for column, tag in enumerate(tags):
        if tag.startswith("I-"):
            before = {f"B-{tag[2:]}", tag}
            allowed[:, column] = [each in before for each in tags] + [False]
    return allowed


def decode_tags(scores: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The valid sequence of tags with the highest sum of scores.

    Args:
        scores: (W, K) log-probabilities or logits of every word.
        allowed: (K + 1, K) of `allowed_transitions`.

    Returns:
        (W,) int64 tag numbers. Among equal sums the lower tag number wins.
    """
    best = scores.argmax(axis=1)
    before = np.concatenate([[len(allowed) - 1], best[:-1]]) if len(best) else best
    # No valid sequence can beat the best tag of every word; where that one is valid there is nothing to search.
    if allowed[before, best].all():
        return best
    return best_path(scores, np.where(allowed, 0.0, -np.inf))


def best_path(scores: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """The sequence of tags with the highest sum of word and transition scores (Viterbi 1967).

    Args:
        scores: (W, K) of every word. Log-probabilities and logits give the same answer: a constant per word changes
            every path alike.
        transitions: (K + 1, K) of every tag behind every other, the last row for the start; -inf = never.

    Returns:
        (W,) int64 tag numbers. Among equal sums the lower tag number wins.
    """
    if not len(scores):
        return np.empty(0, dtype=np.int64)
    sums = scores[0].astype(np.float64) + transitions[-1]  # (K,)
    back = np.zeros(scores.shape, dtype=np.int64)
    for word in range(1, len(scores)):
        candidates = sums[:, None] + transitions[:-1]  # (K, K)
        back[word] = candidates.argmax(axis=0)
        sums = candidates.max(axis=0) + scores[word]
    path = np.empty(len(scores), dtype=np.int64)
    path[-1] = sums.argmax()
    for word in range(len(scores) - 1, 0, -1):
        path[word - 1] = back[word, path[word]]
    return path
