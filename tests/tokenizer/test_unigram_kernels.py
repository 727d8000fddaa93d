"""Sums over all segmentations, the best one, and what a piece is worth: against writing them all down."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.tokenizer import unigram_kernels as kernels
from firstwords.tokenizer.unigram_training import Lattices, Pieces, _table, seeds
from firstwords.tokenizer.word_counts import count_words

TEXTS = ["abab aba ab b\u00e9b \u00e9b b\u00e9 abab abc"]


def setting():
    words = count_words([TEXTS], "gpt2")
    pieces = seeds(words)
    return words, pieces, Lattices(words.data, words.offsets, _table(pieces.keys))


def segmentations(word, pieces):
    if not word:
        yield ()
    for length in range(1, len(word) + 1):
        if word[:length] in pieces:
            yield from ((word[:length], *rest) for rest in segmentations(word[length:], pieces))


def as_list(words):
    return [words.data[a:b].tobytes() for a, b in itertools.pairwise(words.offsets.tolist())]


def test_seeds_are_the_substrings_of_whole_characters_that_occur_twice():
    words, pieces, _ = setting()
    expected = Counter()
    for word, count in zip(as_list(words), words.counts.tolist(), strict=True):
        text = word.decode()
        for start, end in itertools.combinations(range(len(text) + 1), 2):
            if len(text[start:end].encode()) > 1:
                expected[text[start:end].encode()] += count
    assert set(pieces.texts[256:]) == {text for text, count in expected.items() if count >= 2}
    assert pieces.texts[:256] == [bytes([byte]) for byte in range(256)]
    covered = [expected[text] * len(text.decode()) for text in pieces.texts[256:]]
    assert covered == sorted(covered, reverse=True)


def test_expected_counts_are_those_over_all_segmentations():
    words, pieces, lattices = setting()
    chance = dict(zip(pieces.texts, np.exp(pieces.scores), strict=True))
    expected = Counter()
    for word, count in zip(as_list(words), words.counts.tolist(), strict=True):
        ways = {way: math.prod(chance[part] for part in way) for way in segmentations(word, chance)}
        for way, probability in ways.items():
            for part in way:
                expected[part] += count * probability / sum(ways.values())
    sizes = np.array([len(text) for text in pieces.texts])
    found = np.zeros(len(sizes))
    edges = lattices.firsts, lattices.edges, lattices.lengths
    chances = np.exp(pieces.scores + kernels.SHIFT * sizes)
    kernels.expect(words.offsets, words.counts, 0, len(words), *edges, chances, found)
    for text, number in zip(pieces.texts, found.tolist(), strict=True):
        assert number == pytest.approx(expected[text], rel=1e-9, abs=1e-12), text
    # All bytes of the corpus are covered once.
    assert (found * sizes).sum() == pytest.approx((np.diff(words.offsets) * words.counts).sum(), rel=1e-12)


def test_best_segmentations_are_counted_and_losses_follow_from_them():
    words, pieces, lattices = setting()
    score = dict(zip(pieces.texts, pieces.scores.tolist(), strict=True))
    expected = Counter()
    for word, count in zip(as_list(words), words.counts.tolist(), strict=True):
        best = max(segmentations(word, score), key=lambda way: sum(score[part] for part in way))
        for part in best:
            expected[part] += count
    frequencies = np.zeros(len(pieces.texts))
    edges = lattices.firsts, lattices.edges, lattices.lengths
    kernels.count_best(words.offsets, words.counts, *edges, pieces.scores, frequencies)
    assert dict(zip(pieces.texts, frequencies.tolist(), strict=True)) == {text: expected[text] for text in pieces.texts}
    others = pieces.texts[256:]
    offsets = np.cumsum([0, *map(len, others)])
    own = Lattices(np.frombuffer(b"".join(others), np.uint8), offsets, _table(pieces.keys))
    lost, total = np.full(len(pieces.texts), np.nan), frequencies.sum()
    kernels.losses(offsets, own.firsts, own.edges, own.lengths, pieces.scores, frequencies, total, lost)
    for text, value in zip(others, lost[256:].tolist(), strict=True):
        count = expected[text]
        if not count:
            assert value == -1
            continue
        ways = [way for way in segmentations(text, score) if way != (text,)]
        best = max(ways, key=lambda way: sum(score[part] for part in way))
        after = total + count * (len(best) - 1)
        other = sum(math.log((expected[part] + count) / after) for part in best)
        assert value == pytest.approx(count / total * (math.log(count / total) - other), rel=1e-9)


@settings(max_examples=30)
@given(st.sets(st.integers(256, 261)))
def test_dropped_pieces_leave_the_lattices(dropped):
    words, pieces, lattices = setting()
    kept = np.array([i for i in range(len(pieces.texts)) if i not in dropped])
    numbers = np.full(len(pieces.texts), -1, np.int32)
    numbers[kept] = np.arange(len(kept))
    lattices.keep(numbers)
    left = pieces.chosen(kept)
    anew = Lattices(words.data, words.offsets, _anew(left))
    for name in ("firsts", "edges", "lengths"):
        assert getattr(lattices, name).tolist() == getattr(anew, name).tolist()


def _anew(pieces: Pieces):
    return _table(pieces.keys)
