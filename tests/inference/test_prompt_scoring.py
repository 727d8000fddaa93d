"""What is read once gives what is read each time; mean states are those of single texts."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from firstwords.inference.prompt_scoring import common_beginning, continuation_log_likelihoods, mean_states
from firstwords.inference.scoring import token_log_likelihoods
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model

TOKEN = st.integers(2, 29)


def model() -> Model:
    config = ModelConfig.from_depth(2, layout="qwen3", vocab_size=30, width=32, num_heads=2, context=24)
    found = Model(config, LanguageModelHead(config), seed=1).double().eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in found.parameters():  # output projections begin at zero: nothing before a token would count
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return found


MODEL = model()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(TOKEN, max_size=12),
    st.lists(st.tuples(st.lists(TOKEN, min_size=1, max_size=6), st.lists(TOKEN, min_size=1, max_size=9)), min_size=1),
    st.integers(20, 200),
)
def test_a_common_beginning_changes_no_score(prefix, endings, batch_tokens) -> None:
    documents = [([*prefix, *context, *rest], len(prefix) + len(context)) for context, rest in endings]
    found = continuation_log_likelihoods(MODEL, documents, batch_tokens=batch_tokens)
    for (ids, num_given), scores in zip(documents, found, strict=True):
        alone = token_log_likelihoods(MODEL, [ids], num_given=num_given)[0]
        np.testing.assert_allclose(scores, alone, atol=1e-9)  # float64; other orders of summation


def test_the_last_given_token_is_never_part_of_the_beginning() -> None:
    assert common_beginning([([1, 2, 3, 4], 3), ([1, 2, 3, 5], 3)]) == 2
    assert common_beginning([([1, 2, 3, 4], 3), ([1, 5, 3, 5], 3)]) == 1
    assert common_beginning([([1, 2], 1)]) == 0


def test_mean_states_are_those_of_single_texts() -> None:
    documents = [[3, 4, 5], [6], [7, 8, 9, 10, 11], [3, 9]]
    together = mean_states(MODEL, documents, batch_tokens=6)
    for ids, state in zip(documents, together, strict=True):
        with torch.no_grad():
            assert state == pytest.approx(MODEL.backbone(Batch.of([ids])).mean(0).numpy(), abs=1e-9)
