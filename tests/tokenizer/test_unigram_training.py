"""Learning a unigram vocabulary: the right size, proper probabilities, the same on any number of threads."""

import itertools
import math
import random

from firstwords.tokenizer.unigram_training import learn_pieces
from firstwords.tokenizer.word_counts import count_words

draw = random.Random(2)
STEMS = ["".join(draw.choices("abcdefghijklmnop\u00f6\u5929", k=5)) for _ in range(2000)]
ENDS = ["", "ed", "ing", "er", "ers", "est"]
TEXTS = [" ".join(draw.choice(STEMS) + draw.choice(ENDS) for _ in range(300)) for _ in range(10)]


def test_what_many_words_share_is_found():
    pieces = learn_pieces(count_words([TEXTS], "gpt2"), 300, threads=1)
    assert len(pieces) == 300
    texts = [text for text, _ in pieces]
    assert texts[:256] == [bytes([byte]) for byte in range(256)]
    assert {b"ing", b"est", b"ed", b"ers"} <= set(texts)
    scores = [score for _, score in pieces[256:]]
    assert scores == sorted(scores, reverse=True)
    assert all(score < 0 and score == round(score, 6) for _, score in pieces)
    assert sum(math.exp(score) for _, score in pieces) < 1.01


def test_threads_do_not_matter():
    results = [learn_pieces(count_words([TEXTS], "llama3", threads=n), 300, threads=n) for n in (1, 2, 4)]
    assert all(one == other for one, other in itertools.pairwise(results))


def test_little_text_gives_few_pieces_and_none_gives_the_bytes():
    assert 256 <= len(learn_pieces(count_words([["ab ab ab"]], "gpt2"), 5000, threads=1)) < 270
    assert len(learn_pieces(count_words([], "gpt2"), 5000, threads=1)) == 256


def test_very_long_words_do_not_break_the_sums():
    texts = ["ab" * 5000, "\u5929\u6c14" * 2000, "".join(draw.choices("abcdefghij\U0001f642", k=3000))] * 2
    pieces = learn_pieces(count_words([texts], "llama3"), 400, threads=2)
    assert all(math.isfinite(score) for _, score in pieces)
