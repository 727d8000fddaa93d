"""Each half of a block as one operation, where training goes by kernels (`rows`): norm, products, what lies between
them, and the sum with the stream, in whose gradient the stream's own is added on the way.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from firstwords.model import kernel_halves
from firstwords.model.heads_apart import Apart, Heads, Layout, settings_of, tensors_of
from firstwords.model.operations import GatedUnitByRows
from firstwords.model.products import Linear, NormedLinearByRows
from firstwords.model.rows import array, goes_by_rows
from firstwords.model.written_gradient import Step, keep, kept


def goes_by_halves(x: Tensor, *weights: Tensor) -> bool:
    """Whether a half can be one operation: its stream and weights are float32, whatever products are made in."""
    return goes_by_rows(x) and all(each.dtype == torch.float32 for each in (x, *weights))


def _onto(stream: Tensor, change: Tensor) -> Tensor:
    """The sum of a stream and its change, which may be overwritten."""
    from firstwords.model.row_kernels import add

    if change.dtype == stream.dtype:
        return change.add_(stream)
    result = torch.empty_like(stream)
    add(array(stream), array(change), array(result))
    return result


class _FeedForward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scales: Tensor, epsilon: float, *weights: Tensor) -> Tensor:
        x = x.contiguous()
        *needs, needs_down = ctx.needs_input_grad
        steps = Step(*needs), Step(True), Step(True, needs_down)
        joint = NormedLinearByRows.forward(steps[0], x, scales, epsilon, *weights[:-1])
        result = _onto(x, Linear.forward(steps[2], GatedUnitByRows.forward(steps[1], joint), weights[-1]))
        keep(ctx, *steps)
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        gradient = gradients[0].contiguous()
        normed, gated, last = kept(ctx)
        mixed, down = Linear.backward(last, gradient)
        assert mixed is not None
        return *NormedLinearByRows.backward(normed, GatedUnitByRows.backward(gated, mixed), gradient), down


def feed_forward_onto(x: Tensor, scales: Tensor, epsilon: float, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """`x` and the gated unit on its normalised copy.

    Args:
        x: (N, width) stream.
        scales: (width,) weight of the norm.
        epsilon: Of the norm.
        gate: (M, width)
        up: (M, width)
        down: (width, M)
    """
    if kernel_halves.goes_by_kernels(x, (gate.shape[0],), scales, gate, up, down):
        return kernel_halves.feed_forward_onto(x, scales, epsilon, gate, up, down)
    return _FeedForward.apply(x, scales, epsilon, gate, up, down)  # type: ignore[no-any-return, no-untyped-call]


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scales: Tensor, epsilon: float, layout: Layout, settings: Any, *tensors: Tensor
    ) -> Tensor:
        x = x.contiguous()
        weights, out, of_heads = tensors[:3], tensors[3], tensors[4:]
        needs = ctx.needs_input_grad
        steps = Step(*needs[:3], *needs[5:8]), Step(True), Step(True, needs[8])
        joint = NormedLinearByRows.forward(steps[0], x, scales, epsilon, *weights)
        mixed = Apart.forward(steps[1], joint, layout, settings, *of_heads)
        result = _onto(x, Linear.forward(steps[2], mixed, out))
        keep(ctx, *steps)
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        gradient = gradients[0].contiguous()
        normed, apart, last = kept(ctx)
        mixed, out = Linear.backward(last, gradient)
        assert mixed is not None
        joint, _, _, *of_heads = Apart.backward(apart, mixed)
        assert joint is not None
        x, scales, _, *weights = NormedLinearByRows.backward(normed, joint, gradient)
        return x, scales, None, None, None, *weights, out, *of_heads


def attention_onto(
    x: Tensor, scales: Tensor, matrices: tuple[Tensor, ...], out: Tensor, heads: Heads, layout: Layout
) -> Tensor:
    """`x` and what its tokens take from each other, normalised before.

    Args:
        x: (N, width) stream.
        scales: (width,) weight of the norm; its epsilon is that of the heads.
        matrices: Of queries, keys and values.
        out: (width, H * S)
        heads: What is done to queries and keys.
        layout: Of the documents.
    """
    if kernel_halves.goes_by_kernels(x, (heads.head_size,), scales, *matrices, out, *heads.scales):
        return kernel_halves.attention_onto(x, scales, matrices, out, heads, layout)
    settings = settings_of(heads, heads.copies)
    return _Attention.apply(  # type: ignore[no-any-return, no-untyped-call]
        x, scales, heads.epsilon, layout, settings, *matrices, out, *tensors_of(heads)
    )
