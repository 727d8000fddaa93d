"""The answer about a text is the mean over its documents."""

import torch

from firstwords.model.pooling import mean_of_documents

SCORES = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], dtype=torch.float64)


def test_documents_of_one_example_are_averaged():
    found = mean_of_documents(SCORES, torch.tensor([0, 2, 3]))
    assert found.tolist() == [[2.0, 3.0], [5.0, 9.0]]


def test_every_document_an_example_changes_nothing():
    assert mean_of_documents(SCORES, None) is SCORES
    assert mean_of_documents(SCORES, torch.tensor([0, 1, 2, 3])) is SCORES


def test_the_gradient_reaches_every_document():
    scores = SCORES.clone().requires_grad_()
    mean_of_documents(scores, torch.tensor([0, 3])).sum().backward()
    assert torch.allclose(scores.grad, torch.full((3, 2), 1 / 3, dtype=torch.float64))
