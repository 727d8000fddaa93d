"""Warm-up, constant, linear decay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.schedule import moments, rate_factor


def factors(num_steps, warmup_share=0.1, decay_share=0.5, final_rate_share=0.2):
    return [
        rate_factor(
            step,
            num_steps,
            warmup_share=warmup_share,
            decay_share=decay_share,
            final_rate_share=final_rate_share,
        )
        for step in range(num_steps)
    ]


def test_it_rises_holds_and_falls():
    found = factors(20, final_rate_share=0.0)
    assert found[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert set(found[2:10]) == {1.0}
    assert found[10:] == pytest.approx([k / 11 for k in range(10, 0, -1)])


@given(num_steps=st.integers(1, 300), warmup=st.floats(0, 0.4), decay=st.floats(0, 0.6), final=st.floats(0, 1))
def test_no_step_is_wasted_and_none_is_above_the_full_rate(num_steps, warmup, decay, final):
    found = factors(num_steps, warmup, decay, final)
    assert all(0 < factor <= 1 for factor in found)
    peak = found.index(max(found))
    assert found[: peak + 1] == sorted(found[: peak + 1])
    assert found[peak:] == sorted(found[peak:], reverse=True)


def test_moments_are_even_and_include_the_end():
    assert moments(100, 4) == {25, 50, 75, 100}
    assert moments(2, 8) == {1, 2}
    assert moments(10, 0) == set()
