"""Loss and gradient of a linear-chain conditional random field over sparse features, compiled.

One thread and no reordering of sums: the same data give the same model everywhere.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True)
def word_scores(weights, features, offsets, scores):  # type: ignore[no-untyped-def]
    """Fill (W, K) scores: the sum of the weights (F, K) of each word's features.

    Args:
        weights: (F, K).
        features: Feature numbers of all words one after another.
        offsets: (W + 1,) bounds of each word's features.
        scores: (W, K), filled.
    """
    num_tags = weights.shape[1]
    for word in range(len(offsets) - 1):
        for tag in range(num_tags):
            scores[word, tag] = 0.0
        for place in range(offsets[word], offsets[word + 1]):
            feature = features[place]
            for tag in range(num_tags):
                scores[word, tag] += weights[feature, tag]


@njit(cache=True)
def loss_and_gradient(weights, transitions, features, offsets, sentences, tags, weight_sums, transition_sums):  # type: ignore[no-untyped-def]
    """Negative log-likelihood in nats; the gradient is added to the last two arguments.

    Forward-backward with sums scaled to one at every word, so that nothing over- or underflows.

    Args:
        weights: (F, K).
        transitions: (K + 1, K), the last row for the start of a sentence.
        features: As in `word_scores`.
        offsets: As in `word_scores`.
        sentences: (S + 1,) bounds in words; no sentence is empty.
        tags: (W,) gold tag numbers.
        weight_sums: (F, K).
        transition_sums: (K + 1, K).
    """
    num_tags = weights.shape[1]
    longest = 0
    for sentence in range(len(sentences) - 1):
        longest = max(longest, sentences[sentence + 1] - sentences[sentence])
    emitted = np.empty((longest, num_tags))
    forward = np.empty((longest, num_tags))
    backward = np.empty((longest, num_tags))
    marginal = np.empty(num_tags)
    moves = np.exp(transitions)
    loss = 0.0
    for sentence in range(len(sentences) - 1):
        first = sentences[sentence]
        length = sentences[sentence + 1] - first
        word_scores(weights, features, offsets[first : first + length + 1], emitted)
        for word in range(length):
            gold, before = tags[first + word], num_tags if word == 0 else tags[first + word - 1]
            loss -= emitted[word, gold] + transitions[before, gold]
            highest = emitted[word].max()
            loss += highest
            total = 0.0
            for tag in range(num_tags):
                emitted[word, tag] = math.exp(emitted[word, tag] - highest)
                reach = moves[num_tags, tag]
                if word > 0:
                    reach = 0.0
                    for other in range(num_tags):
                        reach += forward[word - 1, other] * moves[other, tag]
                forward[word, tag] = reach * emitted[word, tag]
                total += forward[word, tag]
            for tag in range(num_tags):
                forward[word, tag] /= total
            loss += math.log(total)
        for tag in range(num_tags):
            backward[length - 1, tag] = 1.0
        for word in range(length - 2, -1, -1):
            total = 0.0
            for tag in range(num_tags):
                reach = 0.0
                for other in range(num_tags):
                    reach += moves[tag, other] * emitted[word + 1, other] * backward[word + 1, other]
                backward[word, tag] = reach
                total += reach
            for tag in range(num_tags):
                backward[word, tag] /= total
        for word in range(length):
            total = 0.0
            for tag in range(num_tags):
                marginal[tag] = forward[word, tag] * backward[word, tag]
                total += marginal[tag]
            for tag in range(num_tags):
                marginal[tag] /= total
            gold = tags[first + word]
            marginal[gold] -= 1.0
            for place in range(offsets[first + word], offsets[first + word + 1]):
                feature = features[place]
                for tag in range(num_tags):
                    weight_sums[feature, tag] += marginal[tag]
            if word == 0:
                for tag in range(num_tags):
                    transition_sums[num_tags, tag] += marginal[tag]
                continue
            total = 0.0
            for other in range(num_tags):
                for tag in range(num_tags):
                    total += forward[word - 1, other] * moves[other, tag] * emitted[word, tag] * backward[word, tag]
            for other in range(num_tags):
                for tag in range(num_tags):
                    pair = forward[word - 1, other] * moves[other, tag] * emitted[word, tag] * backward[word, tag]
                    transition_sums[other, tag] += pair / total
            transition_sums[tags[first + word - 1], gold] -= 1.0
    return loss
