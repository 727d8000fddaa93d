"""Each half of a block as kernels of our own, products included (`matrix_kernels`): nothing in it is a call to torch,
each of which takes as long as a small model's product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from firstwords.model.heads_apart import Heads, Layout, attended, attended_gradient, settings_of, tensors_of
from firstwords.model.products import compute_dtype
from firstwords.model.rows import array, parameter_array

# With wider streams the libraries' products are as fast, and calls cost nothing beside them.
WIDEST = 256


def goes_by_kernels(x: Tensor, sizes: tuple[int, ...], *weights: Tensor) -> bool:
    """Whether a half that `halves.goes_by_halves` is left to kernels: the processor has what their products need, the
    model is small, sizes fill whole registers, and every matrix is trained.

    Args:
        x: (N, width) stream.
        sizes: Beside the width: of the gated unit, of a head.
        weights: Matrices and scales.
    """
    from firstwords.model.matrix_kernels import multiplies
    from firstwords.model.packing_kernels import LANES

    width = x.shape[1]
    fits = width <= WIDEST and len(x) > 0 and not any(size % LANES for size in (width, *sizes))
    return fits and multiplies(compute_dtype(x)) and all(weight.requires_grad for weight in weights)


def _narrowed(x: Any, dtype: Any) -> Any:
    """A float32 matrix in the type that products are made in, as kernels take it."""
    from firstwords.model.row_kernels import narrow_matrix

    if dtype == x.dtype:
        return x
    result = np.empty(x.shape, dtype)
    narrow_matrix(x, result)
    return result


def _normed(x: Any, scales: Any, epsilon: float, weights: list[Any], kept: tuple[Tensor, ...]) -> Any:
    """The normalised stream times several matrices at once, into which the norm's weight is multiplied."""
    from firstwords.model.matrix_kernels import NEW, product_with_weights
    from firstwords.model.row_kernels import normalise, scale_columns

    normal, inverse, scaled, joint = (array(each) for each in kept)
    normalise(x, np.float32(epsilon), normal, inverse)
    at = 0
    for weight in weights:
        scale_columns(weight, scales, scaled[at : at + len(weight)])
        at += len(weight)
    product_with_weights(normal, scaled, joint, NEW)
    return joint


def _normed_gradient(
    slope: Any, past: Any, scales: Any, weights: list[Any], kept: tuple[Any, ...], filled: tuple[Any, ...]
) -> None:
    """Of `_normed`; `past` is the gradient of the stream that goes past, added on the way."""
    from firstwords.model.matrix_kernels import product_back, product_of_gradient
    from firstwords.model.row_kernels import normalise_gradient, scale_columns_gradient

    normal, inverse, scaled = kept
    result, scales_sum, *slopes = filled
    stream = np.empty(result.shape, np.float32)
    product_back(slope, scaled, stream)
    normalise_gradient(stream, normal, inverse, past, result)
    together = np.empty(scaled.shape, np.float32)
    product_of_gradient(slope, normal, together)
    at = 0
    for weight, each in zip(weights, slopes, strict=True):
        scale_columns_gradient(together[at : at + len(weight)], weight, scales, each, scales_sum)
        at += len(weight)


def _kept_of_norm(x: Tensor, outputs: int) -> tuple[Tensor, ...]:
    dtype, width = compute_dtype(x), x.shape[1]
    normal, scaled, joint = (
        x.new_empty(shape, dtype=dtype) for shape in (x.shape, (outputs, width), (len(x), outputs))
    )
    return normal, x.new_empty(len(x)), scaled, joint


def _onto(x: Tensor, mixed: Any, out: Tensor) -> Tensor:
    """`x + mixed @ out.T`."""
    from firstwords.model.matrix_kernels import ADDED, product_with_weights

    result = x.clone()
    product_with_weights(mixed, _narrowed(parameter_array(out), mixed.dtype), array(result), ADDED)
    return result


def _onto_gradient(gradient: Any, mixed: Any, out: Tensor) -> tuple[Any, Tensor]:
    """Of `_onto`: with respect to `mixed` and `out`."""
    from firstwords.model.matrix_kernels import product_back, product_of_gradient

    outer, slope, out_slope = _narrowed(gradient, mixed.dtype), np.empty_like(mixed), torch.empty_like(out)
    product_back(outer, _narrowed(parameter_array(out), mixed.dtype), slope)
    product_of_gradient(outer, mixed, array(out_slope))
    return slope, out_slope


class _FeedForward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scales: Tensor, epsilon: float, *weights: Tensor) -> Tensor:
        from firstwords.model.row_kernels import gated_unit

        x, (*matrices, down) = x.contiguous(), weights
        kept = _kept_of_norm(x, 2 * len(matrices[0]))
        arrays = [parameter_array(each) for each in matrices]
        joint = _normed(array(x), parameter_array(scales), epsilon, arrays, kept)
        mixed = kept[0].new_empty(len(x), len(matrices[0]))
        gated_unit(joint, array(mixed))
        ctx.save_for_backward(scales, *weights, *kept, mixed)
        return _onto(x, array(mixed), down)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        from firstwords.model.row_kernels import gated_unit_gradient

        scales, gate, up, down, *kept = ctx.saved_tensors
        normal, inverse, scaled, joint, mixed = (array(each) for each in kept)
        gradient = gradients[0].contiguous()
        slope, down_slope = _onto_gradient(array(gradient), mixed, down)
        joint_slope = np.empty_like(joint)
        gated_unit_gradient(joint, slope, joint_slope)
        found = torch.empty_like(gradient), torch.zeros_like(scales), torch.empty_like(gate), torch.empty_like(up)
        arrays = [parameter_array(each) for each in (gate, up)]
        filled = tuple(array(each) for each in found)
        _normed_gradient(
            joint_slope, array(gradient), parameter_array(scales), arrays, (normal, inverse, scaled), filled
        )
        return *found[:2], None, *found[2:], down_slope


def feed_forward_onto(x: Tensor, scales: Tensor, epsilon: float, *weights: Tensor) -> Tensor:
    """As `halves.feed_forward_onto`; `weights` are of gate, up and down."""
    return _FeedForward.apply(x, scales, epsilon, *weights)  # type: ignore[no-any-return, no-untyped-call]


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, scales: Tensor, epsilon: float, layout: Layout, settings: Any, *tensors: Tensor
    ) -> Tensor:
        x, matrices, out, of_heads = x.contiguous(), tensors[:3], tensors[3], tensors[4:]
        kept = _kept_of_norm(x, sum(len(each) for each in matrices))
        arrays = [parameter_array(each) for each in matrices]
        _normed(array(x), parameter_array(scales), epsilon, arrays, kept)
        mixed, sums = attended(kept[-1], of_heads, layout, settings)
        ctx.save_for_backward(scales, *tensors, *kept, mixed, sums)
        ctx.settings = layout, settings
        return _onto(x, array(mixed), out)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        scales, query, key, value, out, *rest = ctx.saved_tensors
        of_heads, (*kept, joint, mixed, sums) = tuple(rest[:3]), rest[3:]
        layout, settings = ctx.settings
        gradient = gradients[0].contiguous()
        slope, out_slope = _onto_gradient(array(gradient), array(mixed), out)
        joint_slope, heads_slope = attended_gradient(slope, joint, of_heads, layout, settings, mixed, sums)
        matrices = query, key, value
        found = torch.empty_like(gradient), torch.zeros_like(scales), *(torch.empty_like(each) for each in matrices)
        arrays = [parameter_array(each) for each in matrices]
        given = array(joint_slope), array(gradient), parameter_array(scales), arrays
        _normed_gradient(*given, tuple(array(each) for each in kept), tuple(array(each) for each in found))
        return *found[:2], None, None, None, *found[2:], out_slope, heads_slope, None, None


def attention_onto(
    x: Tensor, scales: Tensor, matrices: tuple[Tensor, ...], out: Tensor, heads: Heads, layout: Layout
) -> Tensor:
    """As `halves.attention_onto`."""
    settings = settings_of(heads, heads.copies)
    return _Attention.apply(  # type: ignore[no-any-return, no-untyped-call]
        x, scales, heads.epsilon, layout, settings, *matrices, out, *tensors_of(heads)
    )
