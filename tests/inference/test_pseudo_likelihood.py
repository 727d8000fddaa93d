"""Every token is judged by itself, with all others (or all but the rest of its word) in view."""

import numpy as np
import pytest
import torch

from firstwords.inference.pseudo_likelihood import Copies, masked_scorer, pseudo_log_likelihoods
from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model

END, MASK, CONTEXT = 1, 2, 12
DOCUMENTS = [[END, 5, 6, 7, 8], [END, 9], [END], [END, 11, 12, 13, 14]]


def make_model(hybrid):
    config = ModelConfig.from_depth(
        2,
        layout="llama" if hybrid else "eurobert",
        hybrid=hybrid,
        vocab_size=30,
        width=32,
        num_heads=2,
        context=CONTEXT,
        mask_id=MASK,
    )
    model = Model(config, make_head("language_model", config), seed=3).double().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return model


@torch.no_grad()
def one_by_one(model, document, hidden):
    """Log-likelihood of each token but the first; `hidden(place)` are the places to mask."""
    found = []
    for place in range(1, len(document)):
        copy = [MASK if other in hidden(place) else token for other, token in enumerate(document)]
        batch = Batch.of([copy], num_causal=0 if model.config.hybrid else None)
        logits = model(batch)[place - int(model.config.hybrid)]
        found.append(float(logits.log_softmax(-1)[document[place]]))
    return found


@pytest.mark.parametrize("hybrid", [False, True])
def test_it_is_what_one_copy_after_another_gives(hybrid):
    model = make_model(hybrid)
    found = pseudo_log_likelihoods(masked_scorer(model), DOCUMENTS, mask=MASK, context=CONTEXT, batch_tokens=11)
    for document, values in zip(DOCUMENTS, found, strict=True):
        assert values.tolist() == pytest.approx(one_by_one(model, document, lambda place: {place}), abs=1e-12)


def test_the_rest_of_a_word_is_hidden_with_its_token():
    model = make_model(False)
    starts = [np.array([True, True, False, False, True])]
    words = {1: {1, 2, 3}, 2: {2, 3}, 3: {3}, 4: {4}}
    (found,) = pseudo_log_likelihoods(
        masked_scorer(model), DOCUMENTS[:1], mask=MASK, context=CONTEXT, word_starts=starts
    )
    assert found.tolist() == pytest.approx(one_by_one(model, DOCUMENTS[0], words.get), abs=1e-12)


def test_in_a_long_document_a_token_is_judged_in_the_middle_of_a_context():
    document = [END, *range(3, 28)]
    seen = []

    def score(copies: Copies):
        assert copies.tokens.shape[1] == CONTEXT
        for tokens, place, target in zip(copies.tokens, copies.places, copies.targets, strict=True):
            assert tokens[place] == MASK and (tokens == MASK).sum() == 1
            restored = np.where(np.arange(CONTEXT) == place, target, tokens).tolist()
            start = document.index(restored[0])
            assert restored == document[start : start + CONTEXT]
            assert place == CONTEXT // 2 or start in (0, len(document) - CONTEXT)
            seen.append(int(target))
        return -copies.targets.astype(np.float64)

    (found,) = pseudo_log_likelihoods(score, [document], mask=MASK, context=CONTEXT)
    assert sorted(seen) == document[1:]
    assert found.tolist() == [-float(token) for token in document[1:]]


def test_progress_is_told_to_the_end():
    told = []
    pseudo_log_likelihoods(
        masked_scorer(make_model(False)),
        DOCUMENTS,
        mask=MASK,
        context=CONTEXT,
        batch_tokens=10,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (9, 9)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
