from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstwords.model.config import derive
from firstwords.training.sizing import (
    Corpus,
    Speed,
    batch_size,
    effective_tokens,
    estimate,
    in_time,
    num_evaluations,
    optimizer_flops,
    rates,
    scaling_parameters,
    wanted_tokens,
    with_tokens,
)

CORPUS = Corpus(vocab_size=4096, end_of_text=0, pad=1, mask=2, train_tokens=1_000_000, validation_tokens=50_000)


def candidate(depth):
    return derive(depth, layout="qwen3", vocab_size=4096)


def test_updates_cost_more_a_token_where_batches_are_small():
    speed = Speed(seconds_per_token=1e-4, seconds_per_update=0.1)
    assert speed.tokens_per_second(1000) == pytest.approx(5000)
    assert speed.tokens_per_second(10**9) == pytest.approx(10_000, rel=1e-3)
    assert speed.best(Speed(2e-4, 0.05)) == Speed(1e-4, 0.05)


@given(st.floats(1, 1e9), st.floats(1, 1e9))
def test_repeated_tokens_are_worth_less_but_something(tokens, unique):
    worth = effective_tokens(tokens, unique)
    assert worth <= tokens * (1 + 1e-9)
    assert worth >= min(tokens, unique) * (1 - 1e-9)
    assert effective_tokens(tokens * 1.1, unique) >= worth


def test_four_epochs_are_nearly_as_good_as_new():
    assert effective_tokens(4e6, 1e6) > 0.9 * 4e6
    assert effective_tokens(100e6, 1e6) < 17e6


def test_larger_models_want_more_tokens():
    wanted = [wanted_tokens(candidate(depth)[0]) for depth in (2, 3, 6, 12)]
    assert wanted == sorted(wanted)
    config = candidate(3)[0]
    assert scaling_parameters(config) == 3 * (4 * 192**2 + 3 * 192 * config.mlp_width) + 4096 * 192


@given(st.floats(1, 1e13), st.sampled_from([32, 256, 1000, 2048, 2**20]))
def test_a_batch_is_whole_rows(tokens, context):
    batch = batch_size(tokens, context)
    assert batch % context == 0
    assert batch >= context


@given(st.floats(1e3, 1e9), st.integers(0, 10**6))
def test_looking_takes_little_time(tokens, validation_tokens):
    number = num_evaluations(tokens, validation_tokens)
    assert 1 <= number <= 8
    assert number == 1 or number * validation_tokens / 3 <= 0.05 * tokens


def test_the_optimizer_is_counted_by_matrix():
    config = candidate(2)[0]
    width, inner = config.width, config.mlp_width
    attention = 4 * 5 * (4 * width**3 + 2 * width**3)
    feed_forward = 3 * 5 * (4 * width**2 * inner + 2 * width**3)
    assert optimizer_flops(config) == 2 * (attention + feed_forward)


def test_time_is_filled_but_not_beyond():
    speed = Speed(1e-4, 1e-3)
    choice = in_time(candidate(2), speed, 100.0, CORPUS)
    used = choice.tokens / speed.tokens_per_second(choice.batch_tokens)
    used += choice.num_evaluations * CORPUS.validation_tokens / 3 * speed.seconds_per_token
    assert 0.9 * 100 <= used <= 100.01
    assert choice.tokens % choice.batch_tokens == 0


def test_a_corpus_is_not_read_without_end():
    choice = in_time(candidate(2), Speed(1e-9, 1e-9), 1e5, CORPUS)
    assert choice.tokens <= 4 * CORPUS.train_tokens
    more = replace(CORPUS, max_epochs=8.0)
    assert 7.9 * CORPUS.train_tokens < in_time(candidate(2), Speed(1e-9, 1e-9), 1e5, more).tokens


def test_a_batch_by_hand_is_kept():
    assert in_time(candidate(2), Speed(1e-4, 1e-3), 100.0, CORPUS, 12_800).batch_tokens == 12_800
    assert with_tokens(candidate(2), Speed(1e-4, 1e-3), 777, CORPUS).tokens == 777


def test_an_estimate_scales_with_the_arithmetic():
    small, large = candidate(2)[0], candidate(4)[0]
    known = {small: Speed(1e-5, 1e-3)}
    guess = estimate(known, large, 1.0)
    assert guess.seconds_per_token > 3e-5
    assert guess.seconds_per_update > 1e-2
    assert estimate(known, small, 1.0) == known[small]


def test_every_rate_has_a_reason():
    reasons = rates(candidate(3)[0], 500, 2048)
    assert all(each.reason and each.value > 0 for each in reasons)
    assert {each.name for each in reasons} >= {
        "matrix_rate",
        "embedding_rate",
        "head_rate",
        "warmup_share",
        "decay_share",
    }
    wide = {each.name: each.value for each in rates(candidate(12)[0], 500, 2**19)}
    assert wide["embedding_rate"] < {each.name: each.value for each in reasons}["embedding_rate"]


def test_muon_does_with_less_where_updates_are_frequent():
    values = {size: {r.name: r.value for r in rates(candidate(3)[0], 500, size)} for size in (2048, 2**17)}
    assert [values[size]["matrix_iterations"] for size in (2048, 2**17)] == [3, 5]


def test_causal_models_look_back_less_far_at_first():
    names = {
        name: {r.name for r in rates(derive(3, layout=name, vocab_size=4096, mask_id=0)[0], 500, 2048)}
        for name in ("qwen3", "eurobert")
    }
    assert "first_context" in names["qwen3"]
    assert "first_context" not in names["eurobert"]
