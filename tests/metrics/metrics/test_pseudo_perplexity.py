import math

import pytest

from firstwords.metrics.metrics.pseudo_perplexity import PseudoPerplexity

ITEMS = {"nats": [4 * math.log(8), 0.0], "tokens": [4, 2], "words": [2, 1], "bytes": [10, 2]}


def test_sums_are_divided_and_units_differ():
    assert PseudoPerplexity().value(ITEMS) == pytest.approx(8 ** (4 / 6))
    assert PseudoPerplexity(unit="word").value(ITEMS) == pytest.approx(8 ** (4 / 3))
    assert PseudoPerplexity(unit="byte").value(ITEMS) == pytest.approx(1.0)  # 12 bits, 12 bytes


def test_names_tell_the_unit():
    names = [PseudoPerplexity(unit=unit).name for unit in ("token", "word", "byte")]
    assert names == ["pseudo_perplexity", "pseudo_perplexity_per_word", "pseudo_bits_per_byte"]
