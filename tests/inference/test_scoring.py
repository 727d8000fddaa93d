import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.inference.scoring import token_log_likelihoods, windows
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model

CONTEXT = 16


@pytest.fixture(scope="module")
def model():
    config = ModelConfig.from_depth(2, layout="qwen3", vocab_size=40, width=32, num_heads=2, context=CONTEXT)
    model = Model(config, make_head("language_model", config)).double().eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.2)
    return model


def document(length, seed=0):
    return np.random.default_rng(seed).integers(0, 40, length).tolist()


@given(num_tokens=st.integers(0, 300), context=st.integers(1, 40), stride=st.integers(1, 40))
def test_every_token_is_scored_once_with_enough_before_it(num_tokens, context, stride):
    stride = min(stride, context)
    scored = []
    for window in windows(num_tokens, context, stride):
        assert window.end - window.start <= context
        scored += range(window.first_scored, window.end)
        seen = window.first_scored - window.start
        assert window.start == 0 or seen >= context - stride
    assert scored == list(range(num_tokens))


def test_a_short_document_is_scored_like_by_hand(model):
    ids = document(CONTEXT)
    (found,) = token_log_likelihoods(model, [ids])
    logits = model(Batch.of([ids[:-1]])).log_softmax(-1)
    expected = logits[range(CONTEXT - 1), ids[1:]].detach().numpy()
    assert found == pytest.approx(expected, abs=1e-10)
    assert (found <= 0).all()


def test_a_long_document_is_scored_window_by_window(model):
    ids = document(70)
    (found,) = token_log_likelihoods(model, [ids], stride=4)
    expected = []
    for place in range(1, 70):
        # The first window is whole; each later one scores four tokens.
        end = CONTEXT if place <= CONTEXT else CONTEXT + -(-(place - CONTEXT) // 4) * 4
        end = min(end, 69)
        start = max(0, end - CONTEXT)
        logits = model(Batch.of([ids[start:place]]))[-1].log_softmax(-1)
        expected.append(logits[ids[place]].item())
    assert found == pytest.approx(expected, abs=1e-9)


def test_batches_and_neighbours_do_not_matter(model):
    documents = [document(length, seed=length) for length in (3, 40, 1, 17, 90, 2)]
    together = token_log_likelihoods(model, documents)
    for ids, found in zip(documents, together, strict=True):
        assert len(found) == len(ids) - 1
        assert found == pytest.approx(token_log_likelihoods(model, [ids], batch_tokens=8)[0], abs=1e-10)


def test_given_tokens_are_not_scored(model):
    ids = document(40)
    (whole,) = token_log_likelihoods(model, [ids])
    (rest,) = token_log_likelihoods(model, [ids], num_given=30)
    assert len(rest) == 10
    assert rest == pytest.approx(whole[29:], abs=1e-10)


def test_progress_ends_at_the_total(model):
    calls = []
    token_log_likelihoods(model, [document(50), document(5)], batch_tokens=20, progress=lambda *x: calls.append(x))
    assert calls[-1] == (53, 53)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
