import torch

from firstwords.training.divergence import divergence, symmetric_divergence

ONE = torch.tensor([[0.5, 0.5], [0.9, 0.1]], dtype=torch.float64).log()
OTHER = torch.tensor([[0.25, 0.75], [0.9, 0.1]], dtype=torch.float64).log()


def test_it_is_zero_for_equal_ones_and_the_formula_otherwise():
    assert divergence(ONE, ONE).item() == 0
    expected = 0.5 * torch.log(torch.tensor(0.5 / 0.25)) + 0.5 * torch.log(torch.tensor(0.5 / 0.75))
    assert abs(divergence(ONE, OTHER).item() - expected.item()) < 1e-6
    assert abs(symmetric_divergence(ONE, OTHER) - symmetric_divergence(OTHER, ONE)).item() < 1e-12
