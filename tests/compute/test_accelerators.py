import pytest

from firstwords.compute.accelerators import ACCELERATORS, accelerator
from firstwords.errors import RecipeError


def test_numbers_are_in_the_right_units():
    for name, card in ACCELERATORS.items():
        assert 5e13 < card.flops < 5e15, name
        assert 16 * 2**30 < card.memory_bytes < 300 * 2**30, name
        assert 1e11 < card.bandwidth < 1e13 and 1e10 < card.link < 1e12, name
        assert 50 < card.watts < 1500 and card.source, name


def test_an_unknown_card_is_told_the_nearest():
    assert accelerator("H100") is ACCELERATORS["h100"]
    with pytest.raises(RecipeError, match="Did you mean 'h200'"):
        accelerator("h202")
