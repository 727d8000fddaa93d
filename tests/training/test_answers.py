import numpy as np
import torch

from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model
from firstwords.training.answers import answer_log_likelihoods, log_likelihoods, with_reference
from firstwords.training.batch import Draws, Example, flat_batch


def rows():
    labels = np.array([-100, 3, 4, -100, -100, 5])
    return [
        Example(np.arange(1, 7), labels, np.array([0, 3, 6]), row, reference=np.array([-1.0, -2.0 - row]))
        for row in range(3)
    ]


def collate(examples, draws, config):
    return with_reference(flat_batch(examples, labels=np.concatenate([e.labels for e in examples])), examples)


def make_model():
    config = ModelConfig.from_depth(1, layout="qwen3", vocab_size=40, width=32, num_heads=2, context=16)
    return Model(config, LanguageModelHead(config), seed=1).double().eval()


def test_documents_are_summed_apart():
    model, batch = make_model(), collate(rows(), Draws(0, ()), None)
    sums, counts = log_likelihoods(model, batch)
    logits = model(batch).log_softmax(-1)
    assert counts.tolist() == [2, 1] * 3
    assert torch.allclose(sums[0], logits[1, 3] + logits[2, 4])
    assert torch.allclose(sums[1], logits[5, 5])
    assert batch.reference.tolist() == [-1, -2, -1, -3, -1, -4]
    assert batch.to("cpu").reference.tolist() == batch.reference.tolist()


def test_rows_come_back_in_their_order_whatever_the_batches(monkeypatch):
    model = make_model().train()
    found = answer_log_likelihoods(model, rows(), collate)
    monkeypatch.setattr("firstwords.training.answers.BATCH_TOKENS", 6)
    again = answer_log_likelihoods(model, rows(), collate)
    assert all(np.allclose(a, b, atol=1e-12) for a, b in zip(found, again, strict=True))
    assert model.training
