import math

import pytest

from firstwords.metrics.metrics.perplexity import Perplexity


def test_perplexity_is_that_of_the_corpus_not_the_mean_over_documents():
    items = {"nats": [3 * math.log(10), 1 * math.log(1000)], "tokens": [3, 1]}
    assert Perplexity().value(items) == pytest.approx(10**1.5)


def test_a_model_that_is_sure_and_right_has_perplexity_1():
    assert Perplexity().value({"nats": [0.0], "tokens": [7]}) == 1.0


def test_units_are_tokens_words_or_bytes_and_only_tokens_depend_on_the_tokenizer():
    items = {"nats": [8.0], "tokens": [4], "words": [2], "bytes": [8]}
    assert Perplexity(unit="word").value(items) == pytest.approx(math.exp(4))
    assert Perplexity(unit="byte").value(items) == pytest.approx(math.exp(1))
    assert [Perplexity(unit=unit).depends_on for unit in ("token", "word", "byte")] == [("tokens",), (), ()]
    assert Perplexity(unit="word").name == "perplexity_per_word"
