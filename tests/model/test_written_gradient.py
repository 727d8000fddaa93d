import pytest
import torch

from firstwords.model.cross_entropy import sum_cross_entropy
from firstwords.model.operations import gated_unit, rms_norm, rotary_angles, rotate
from firstwords.model.products import linear
from firstwords.model.written_gradient import call


class Doubled(torch.autograd.Function):
    asked: tuple[bool, ...] = ()

    @staticmethod
    def forward(ctx, x):
        Doubled.asked = tuple(ctx.needs_input_grad[:1])
        ctx.save_for_backward(x)
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_a_gradient_is_asked_for_only_where_gradients_are_on():
    x = torch.ones(3, requires_grad=True)
    call(Doubled, x).sum().backward()
    assert Doubled.asked == (True,)
    assert torch.equal(x.grad, torch.full((3,), 2.0))
    with torch.no_grad():
        result = call(Doubled, x)
    assert Doubled.asked == (False,)
    assert not result.requires_grad


@pytest.mark.parametrize(
    "operation",
    [
        lambda x: linear(x, x[:5]),
        lambda x: rms_norm(x, x[0].abs(), 1e-6),
        lambda x: gated_unit(x),
        lambda x: rotate(x.view(9, 2, 4), *rotary_angles(torch.arange(9), 4, 1e4, x.dtype)),
        lambda x: sum_cross_entropy(x, x[:7], torch.arange(9) % 7),
    ],
    ids=["linear", "rms_norm", "gated_unit", "rotate", "cross_entropy"],
)
def test_without_gradients_the_result_is_the_same(operation):
    x = torch.randn(9, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        found = operation(x)
    assert torch.equal(operation(x).detach(), found)
