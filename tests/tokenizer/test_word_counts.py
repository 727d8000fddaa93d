"""Counting words: all of them, the same with any threads and batches, also when the table has to grow."""

import itertools
import random
from collections import Counter

import numpy as np
import pytest

from firstwords.tokenizer import word_counts
from firstwords.tokenizer.patterns import pre_tokenizer
from firstwords.tokenizer.word_counts import WordCounts, count_words

draw = random.Random(3)
LONG = ["x" * 40 + str(i) for i in range(50)]
TEXTS = [
    " ".join(
        draw.choice(["the", "word", "caf\u00e9", "\u4e2d\u6587", *LONG]) + "a" * draw.randint(0, 9) for _ in range(60)
    )
    for _ in range(40)
]


def as_counter(counts):
    words = [counts.data[a:b].tobytes() for a, b in itertools.pairwise(counts.offsets.tolist())]
    assert words == sorted(set(words))
    return Counter(dict(zip(words, counts.counts.tolist(), strict=True)))


@pytest.mark.parametrize("pattern", ["gpt2", "llama3"])
def test_every_word_is_counted(pattern):
    library = pre_tokenizer(pattern)
    expected = Counter()
    for text in TEXTS:
        raw = text.encode()
        place = 0
        for word, _ in library.pre_tokenize_str(text):
            expected[raw[place : place + len(word)]] += 1  # one character a byte
            place += len(word)
    assert as_counter(count_words([TEXTS], pattern)) == expected


def test_threads_batches_and_small_tables_do_not_matter(monkeypatch):
    whole = as_counter(count_words([TEXTS], "llama3", threads=1))
    monkeypatch.setattr(word_counts, "_ROWS", 4)
    monkeypatch.setattr(word_counts, "_BYTES", 8)
    for threads in (1, 2, 5):
        assert as_counter(count_words((TEXTS[i : i + 7] for i in range(0, 40, 7)), "llama3", threads)) == whole
    assert len(count_words([], "gpt2")) == 0


def test_long_words_are_cut_and_rare_ones_left_out():
    words = count_words([["a\u00e9\u00e9\u00e9 bb bb"]], "llama3")
    assert np.diff(words.cut(4).offsets).tolist() == [3, 4, 3]
    pieces = words.cut(4, whole_characters=True)
    lists = [pieces.data[a:b].tobytes().decode() for a, b in itertools.pairwise(pieces.offsets.tolist())]
    assert lists == [" bb", "a\u00e9", "\u00e9\u00e9"]
    assert as_counter(words.most_frequent(1)) == Counter({b" bb": 2})
    empty = WordCounts(np.empty(0, np.uint8), np.zeros(1, np.int64), np.empty(0, np.int64))
    assert len(empty.cut(4)) == 0
