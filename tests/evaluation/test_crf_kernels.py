"""The compiled loss and gradient against all tag sequences written out."""

import itertools

import numpy as np

from firstwords.evaluation.crf_kernels import loss_and_gradient, word_scores

FEATURES = np.array([0, 2, 1, 3, 3, 0, 1, 2], dtype=np.int32)
OFFSETS = np.array([0, 2, 3, 5, 5, 8])  # five words, one of them without features
SENTENCES = np.array([0, 3, 5])
TAGS = np.array([0, 2, 1, 1, 0])
NUM_TAGS = 3


def model(seed: int) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    return chance.normal(size=(4, NUM_TAGS)), chance.normal(size=(NUM_TAGS + 1, NUM_TAGS))


def loss(weights, transitions) -> float:
    sums = np.zeros_like(weights), np.zeros_like(transitions)
    return loss_and_gradient(weights, transitions, FEATURES, OFFSETS, SENTENCES, TAGS, *sums)


def test_the_loss_is_that_over_all_sequences() -> None:
    weights, transitions = model(0)
    scores = np.empty((5, NUM_TAGS))
    word_scores(weights, FEATURES, OFFSETS, scores)

    def score(first, tags) -> float:
        before = [NUM_TAGS, *tags[:-1]]
        return sum(scores[first + n, t] + transitions[b, t] for n, (b, t) in enumerate(zip(before, tags, strict=True)))

    expected = 0.0
    for first, end in itertools.pairwise(SENTENCES):
        every = [score(first, tags) for tags in itertools.product(range(NUM_TAGS), repeat=end - first)]
        expected += np.logaddexp.reduce(every) - score(first, tuple(TAGS[first:end]))
    assert np.isclose(loss(weights, transitions), expected)


def test_the_gradient_is_that_of_the_loss() -> None:
    weights, transitions = model(1)
    sums = np.zeros_like(weights), np.zeros_like(transitions)
    loss_and_gradient(weights, transitions, FEATURES, OFFSETS, SENTENCES, TAGS, *sums)
    for values, found in zip((weights, transitions), sums, strict=True):
        for place in np.ndindex(values.shape):
            step = 1e-6
            values[place] += step
            above = loss(weights, transitions)
            values[place] -= 2 * step
            below = loss(weights, transitions)
            values[place] += step
            assert np.isclose((above - below) / (2 * step), found[place], atol=1e-5)
