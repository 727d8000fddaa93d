"""Perplexity and bits per byte on numbers worked out by hand."""

import math

import pytest

from firstwords.metrics.language import bits_per_byte, perplexity


def test_a_fair_coin_for_every_bit_takes_eight_bits_a_byte():
    assert math.isclose(bits_per_byte(10 * 8 * math.log(2), 10), 8)


def test_tokens_that_take_several_bytes_do_not_matter():
    # Two tokens of probability 1/16 over four bytes: 8 bits over 4 bytes.
    assert math.isclose(bits_per_byte(2 * math.log(16), 4), 2)


def test_perplexity_of_a_uniform_choice_is_its_size():
    assert math.isclose(perplexity(5 * math.log(50), 5), 50)
    assert perplexity(0.0, 3) == 1
    assert perplexity(1e6, 1) == math.inf


def test_nothing_predicted_is_refused():
    with pytest.raises(ValueError, match="at least one byte"):
        bits_per_byte(1.0, 0)
    with pytest.raises(ValueError, match="at least one predicted token"):
        perplexity(1.0, 0)
