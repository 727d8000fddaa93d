"""Answers judged side by side are judged as if alone."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.inference import scoring
from firstwords.inference.choices import Sequences, judge_choices
from firstwords.inference.language_model import LanguageModel

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    found = LanguageModel.load(TINY["causal_model"](tmp_path_factory.mktemp("causal")).path("model"))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in found.model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return found


def alone(model, question):
    """Each sequence by itself, by the code for whole documents, cut to the last `context` + 1 tokens."""
    found = []
    for tokens, num_given in zip(question.tokens, question.num_given, strict=True):
        forgotten = max(0, len(tokens) - 1 - model.config.context)
        (nats,) = scoring.token_log_likelihoods(
            model.model, [list(tokens[forgotten:])], num_given=num_given - forgotten
        )
        found.append(nats.sum())
    return found


@st.composite
def questions(draw):
    """Contexts of 1 to 40 tokens (the model sees 32), answers of 1 to 6 that may share beginnings or be equal."""
    token = st.integers(3, 12)
    context = draw(st.lists(token, min_size=1, max_size=40))
    answers = draw(st.lists(st.lists(token, min_size=1, max_size=6), min_size=1, max_size=5))
    return Sequences(tuple((*context, *answer) for answer in answers), (len(context),) * len(answers))


@settings(max_examples=60)
@given(st.lists(questions(), min_size=1, max_size=6))
def test_side_by_side_is_as_alone(model, drawn):
    judged = judge_choices(model.model, drawn, batch_tokens=64)
    for question, answers in zip(drawn, judged, strict=True):
        assert [each.log_likelihood for each in answers] == pytest.approx(alone(model, question), abs=1e-4)
        assert [each.num_tokens for each in answers] == [
            len(t) - g for t, g in zip(question.tokens, question.num_given, strict=True)
        ]


def test_contexts_may_differ_and_the_answer_be_the_same(model):
    question = Sequences(((3, 4, 5, 9, 9), (3, 4, 6, 7, 9, 9), (8, 9, 9)), (3, 4, 1))
    (judged,) = judge_choices(model.model, [question])
    assert [each.log_likelihood for each in judged] == pytest.approx(alone(model, question), abs=1e-5)


def test_an_answer_longer_than_the_context_is_judged_in_windows(model):
    tokens = tuple(np.random.default_rng(0).integers(3, 300, 80).tolist())
    ((judged,),) = judge_choices(model.model, [Sequences((tokens,), (2,))])
    (nats,) = scoring.token_log_likelihoods(model.model, [list(tokens)], num_given=2)
    assert judged.log_likelihood == pytest.approx(nats.sum(), abs=1e-5) and judged.num_tokens == 78


def test_what_the_model_would_say_is_greedy(model):
    text = model.generate("the list of", max_tokens=3, temperature=0)
    ids = model.tokenizer.encode("the list of")
    from firstwords.inference.generate import generate

    (new,) = generate(model.model, [ids], max_tokens=3)
    other = [(new[0] + 1) % 300, *new[1:]]
    question = Sequences((tuple(ids + new), tuple(ids + other)), (len(ids), len(ids)))
    (judged,) = judge_choices(model.model, [question])
    assert [each.is_greedy for each in judged] == [True, False]
    assert text is not None


def test_texts_are_judged_as_log_likelihood_does(model):
    pairs = [("the list of", " names"), ("the list of", " values"), ("", "json"), ("an error", " in this class")]
    judged = model.judge_choices([pairs[:2], pairs[2:3], pairs[3:]])
    flat = [each.log_likelihood for question in judged for each in question]
    assert flat == pytest.approx(model.log_likelihoods(pairs), abs=1e-4)
