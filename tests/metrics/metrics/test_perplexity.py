import math

import pytest

from firstwords.metrics.metrics.perplexity import Perplexity


def test_perplexity_is_that_of_the_corpus_not_the_mean_over_documents():
    items = {"nats": [3 * math.log(10), 1 * math.log(1000)], "tokens": [3, 1]}
    assert Perplexity().value(items) == pytest.approx(10**1.5)


def test_a_model_that_is_sure_and_right_has_perplexity_1():
    assert Perplexity().value({"nats": [0.0], "tokens": [7]}) == 1.0
