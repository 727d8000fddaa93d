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


def test_min_p_keeps_what_is_likely_beside_the_likeliest():
    second, third = (LOGITS[0, [2, 3]] - LOGITS[0, 1]).exp().tolist()
    assert set(np.flatnonzero(frequencies(Sampling(min_p=(second + third) / 2)))) == {1, 2}
    assert set(np.flatnonzero(frequencies(Sampling(min_p=third * 0.99)))) == {1, 2, 3}
    assert frequencies(Sampling(min_p=1.0))[1] == 1


@pytest.mark.parametrize(
    "rule", [{"top_k": 5}, {"top_p": 0.6}, {"min_p": 0.2}, {"top_k": 8, "top_p": 0.8, "min_p": 0.1}]
)
def test_what_can_be_drawn_is_what_transformers_leaves(rule):
    generation = pytest.importorskip("transformers.generation.logits_process")
    logits = torch.randn(6, 40, generator=torch.Generator().manual_seed(2)) * 2
    texts = [[0, 1, 1, 5, row] for row in range(6)]
    scores = generation.RepetitionPenaltyLogitsProcessor(1.4)(torch.tensor(texts), logits.clone())
    scores = generation.TemperatureLogitsWarper(0.7)(None, scores)
    if "top_k" in rule:
        scores = generation.TopKLogitsWarper(rule["top_k"])(None, scores)
    if "top_p" in rule:
        scores = generation.TopPLogitsWarper(rule["top_p"])(None, scores)
    if "min_p" in rule:
        scores = generation.MinPLogitsWarper(rule["min_p"])(None, scores)
    sampling = Sampling(temperature=0.7, repetition_penalty=1.4, **rule)
    # Draws close together reach every token that holds at least a thousandth.
    drawn = {choose(logits[2:3], sampling, np.array([draw]), texts[2:3])[0] for draw in np.arange(0, 1, 5e-4)}
    allowed = scores[2].double().softmax(0)
    assert drawn <= set(torch.nonzero(allowed > 0).flatten().tolist())
    assert drawn >= set(torch.nonzero(allowed > 1e-3).flatten().tolist())


def test_a_repetition_penalty_holds_for_greedy_choices():
    logits = torch.tensor([[2.0, 1.9, -1.0], [2.0, 1.9, -1.0]])
    sampling = Sampling(temperature=0, repetition_penalty=1.5)
    assert choose(logits, sampling, np.zeros(2), [[0, 0], [2]]) == [1, 0]
    below = torch.tensor([[-1.0, -1.2]])
    assert choose(below, sampling, np.zeros(1), [[0]]) == [1]
    assert below.tolist() == [[-1.0, pytest.approx(-1.2)]]  # not changed in place


@given(draw=st.floats(0, 1, exclude_max=True), top_p=st.floats(0.01, 1), top_k=st.integers(0, 9))
def test_every_draw_gives_a_token(draw, top_p, top_k):
    (token,) = choose(LOGITS * 50, Sampling(temperature=0.3, top_p=top_p, top_k=top_k), np.array([draw]))
    assert 0 <= token < 4


@pytest.mark.parametrize(
    "wrong", [{"temperature": -1}, {"top_k": -1}, {"top_p": 0}, {"top_p": 1.1}, {"min_p": 2}, {"repetition_penalty": 0}]
)
def test_impossible_rules_are_refused(wrong):
    with pytest.raises(RecipeError, match=next(iter(wrong))):
        Sampling(**wrong)


def test_logits_that_are_no_numbers_are_not_sampled_from():
    with pytest.raises(NumericFailure):
        choose(torch.tensor([[0.0, torch.nan]]), GREEDY, np.array([0.5]))
