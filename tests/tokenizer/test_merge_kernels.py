"""The merge loop learns what counting all pairs anew at every step would learn."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.tokenizer.merge_kernels import learn_merges


def learnt_slowly(words, counts, first_id, most, min_count):
    words, merges = [list(word) for word in words], []
    while len(merges) < most:
        pairs = Counter()
        for word, count in zip(words, counts, strict=True):
            for pair in pairwise(word):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < min_count:
            break
        new = first_id + len(merges)
        merges.append(best)
        for word in words:
            i = 0
            while i < len(word) - 1:
                if (word[i], word[i + 1]) == best:
                    word[i : i + 2] = [new]
                i += 1
    return merges


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=1, max_size=14), st.integers(1, 9)), max_size=12),
    st.integers(0, 40),
    st.integers(1, 6),
)
def test_merges_are_those_of_counting_anew(given_words, most, min_count):
    words, counts = [word for word, _ in given_words], [count for _, count in given_words]
    symbols = np.array([each for word in words for each in word], np.int32)
    offsets = np.cumsum([0, *map(len, words)])
    found = learn_merges(symbols, offsets, np.array(counts, np.int64), 10, most, min_count)
    assert [tuple(pair) for pair in found.tolist()] == learnt_slowly(words, counts, 10, most, min_count)


def test_tables_grow():
    draw = np.random.default_rng(0)
    words = draw.integers(0, 3000, (30_000, 8)).astype(np.int32)
    found = learn_merges(words.flatten(), np.arange(0, 240_001, 8), np.ones(30_000, np.int64), 3000, 50, 2)
    pairs = Counter(pair for word in words.tolist() for pair in pairwise(word))
    assert tuple(found[0].tolist()) == min(pairs, key=lambda pair: (-pairs[pair], pair))
    assert len(found) == 50
