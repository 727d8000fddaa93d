import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.errors import RecipeError
from firstwords.model.cost import num_parameters
from firstwords.model.shape_search import nearest_shape

GIVEN = {"layout": "qwen3", "vocab_size": 4096}


@settings(max_examples=8, deadline=None)
@given(st.integers(2_000_000, 10**9))
def test_the_shape_has_about_so_many_parameters(wanted):
    config, _ = nearest_shape(wanted, **GIVEN)
    assert num_parameters(config) == pytest.approx(wanted, rel=0.08)
    assert 16 <= config.width / config.num_layers <= 256


def test_what_is_given_by_hand_stays_and_has_its_reason():
    config, reasons = nearest_shape(5_000_000, **GIVEN, width=256, context=64)
    by_name = {each.name: each for each in reasons}
    assert (config.width, config.context) == (256, 64)
    assert by_name["width"].reason == "set by hand"
    assert "5,000,000 parameters were asked for" in by_name["num_layers"].reason


def test_impossible_sizes_are_refused():
    with pytest.raises(RecipeError, match="no model has about 1,000 parameters"):
        nearest_shape(1000, **GIVEN)
