import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import NumericFailure, RecipeError
from firstwords.inference.sampling import GREEDY, Sampling, choose

LOGITS = torch.tensor([[0.1, 3.0, 2.0, 1.0]]).log_softmax(1)


def frequencies(sampling, count=4000):
    logits = LOGITS.expand(count, -1)
    chosen = choose(logits, sampling, np.random.default_rng(0).random(count))
    return np.bincount(chosen, minlength=4) / count


def test_greedy_takes_the_likeliest():
    assert choose(LOGITS, GREEDY, np.array([0.99])) == [1]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_probabilities(temperature):
    expected = (LOGITS[0] / temperature).softmax(0).numpy()
    # Four standard deviations of a share over 4,000 draws.
    assert np.abs(frequencies(Sampling(temperature=temperature)) - expected).max() < 4 * 0.5 / np.sqrt(4000)


def test_top_k_keeps_the_likeliest():
    assert set(np.flatnonzero(frequencies(Sampling(top_k=2)))) == {1, 2}
    assert frequencies(Sampling(top_k=1))[1] == 1


def test_top_p_keeps_the_token_that_crosses_the_line():
    first, second = LOGITS[0].exp()[[1, 2]].tolist()
    assert set(np.flatnonzero(frequencies(Sampling(top_p=first * 0.99)))) == {1}
    assert set(np.flatnonzero(frequencies(Sampling(top_p=first + second * 0.5)))) == {1, 2}


@given(draw=st.floats(0, 1, exclude_max=True), top_p=st.floats(0.01, 1), top_k=st.integers(0, 9))
def test_every_draw_gives_a_token(draw, top_p, top_k):
    (token,) = choose(LOGITS * 50, Sampling(temperature=0.3, top_p=top_p, top_k=top_k), np.array([draw]))
    assert 0 <= token < 4


@pytest.mark.parametrize("wrong", [{"temperature": -1}, {"top_k": -1}, {"top_p": 0}, {"top_p": 1.1}])
def test_impossible_rules_are_refused(wrong):
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        Sampling(**wrong)


def test_logits_that_are_no_numbers_are_not_sampled_from():
    with pytest.raises(NumericFailure):
        choose(torch.tensor([[0.0, torch.nan]]), GREEDY, np.array([0.5]))
