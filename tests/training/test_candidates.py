"""The answers' likelihood in a batch is that of each document alone."""

import numpy as np
import pytest
import torch

from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model
from firstwords.training.candidates import Candidates, answer_nats


def test_sums_are_those_of_single_documents() -> None:
    config = ModelConfig.from_depth(1, layout="qwen3", vocab_size=30, width=32, num_heads=2, context=16)
    model = Model(config, LanguageModelHead(config), seed=1).double().eval()
    documents = [[3, 4, 5, 6], [3, 4, 7], [8, 9, 10]]
    given = [2, 2, 1]
    ids = torch.tensor([token for each in documents for token in each[:-1]])
    labels = np.concatenate([[-100] * (g - 1) + d[g:] for d, g in zip(documents, given, strict=True)])
    bounds = torch.tensor([0, 3, 5, 7])
    batch = Candidates(
        input_ids=ids, bounds=bounds, labels=torch.from_numpy(labels), max_length=3, is_gold=(True, False, True)
    )
    sums, counts = answer_nats(model, batch)
    assert counts.tolist() == [2, 1, 2]
    logits = model(batch).log_softmax(-1)
    assert float(sums[1]) == pytest.approx(-float(logits[4, 7]))
    assert float(sums[2]) == pytest.approx(-float(logits[5, 9] + logits[6, 10]))
