"""Small operations with gradients written by hand: chains of elementary ones pass over memory more often.

Between its matrix products a transformer is bound by memory traffic; each function here reads and writes its tensors
as rarely as plain tensor operations allow, and keeps only its inputs for the backward pass.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from firstwords.model.config import RopeScaling
from firstwords.model.rows import array, goes_by_rows
from firstwords.model.written_gradient import call

# Where more tokens than so many share a row on average, a table's gradient on a GPU is a product with zeros and ones,
# made for so many tokens at once.
TOKENS_PER_ROW, ONES_AT_ONCE = 32, 32768


class _Embedding(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ids: Tensor, table: Tensor) -> Tensor:
        ctx.save_for_backward(ids)
        ctx.rows = table.shape[0]
        return F.embedding(ids, table)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        (ids,) = ctx.saved_tensors
        (gradient,) = gradients
        rows = torch.arange(ctx.rows, device=ids.device)[:, None]
        total = gradient.new_zeros(ctx.rows, gradient.shape[1])
        for some, their in zip(ids.split(ONES_AT_ONCE), gradient.split(ONES_AT_ONCE), strict=True):
            total.addmm_((some == rows).to(gradient.dtype), their)
        return None, total


def embedding(ids: Tensor, layer: nn.Embedding) -> Tensor:
    """Rows of a table, whose gradient is the same every time.

    torch's own is not where many tokens share few rows, on a GPU: at 64 a row and more every gradient differed, at 32
    none did (docs/log/2026-11-26-gpu.md).

    Args:
        ids: (N,)
        layer: (rows, width)

    Returns:
        (N, width)
    """
    is_crowded = ids.shape[0] > TOKENS_PER_ROW * layer.num_embeddings
    if is_crowded and ids.is_cuda and torch.is_grad_enabled() and not layer.sparse:
        return _Embedding.apply(ids, layer.weight)  # type: ignore[no-any-return]
    result: Tensor = layer(ids)
    return result


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        mean_square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        scale = mean_square.add_(epsilon).rsqrt_()  # (..., 1)
        ctx.save_for_backward(x, weight, scale)
        return (x * scale).mul_(weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight, scale = ctx.saved_tensors
        (gradient,) = gradients
        normal = x * scale
        product = gradient * normal
        weight_gradient = product.flatten(0, -2).sum(0)
        # d(x s)/dx: what changes the length of x is undone by the normalisation, so its share is taken out.
        along = torch.matmul(product, weight).unsqueeze(-1).div_(x.shape[-1])
        x_gradient = (gradient * weight).addcmul_(normal, along, value=-1).mul_(scale)
        return x_gradient, weight_gradient, None


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """`x` divided by its root mean square over the last dimension, times `weight`.

    Source: Zhang and Sennrich 2019. Half-precision inputs are normalised in float32.
    """
    if x.is_cuda:  # one kernel there
        return F.rms_norm(x, weight.shape, weight.to(x.dtype), epsilon)
    if x.dtype in (torch.float16, torch.bfloat16):
        return F.rms_norm(x.float(), weight.shape, weight.float(), epsilon).to(x.dtype)
    return call(_RMSNorm, x, weight, epsilon)


class _GatedUnit(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, joint: Tensor) -> Tensor:
        ctx.save_for_backward(joint)
        gate, up = joint.chunk(2, -1)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (joint,) = ctx.saved_tensors
        (gradient,) = gradients
        gate, up = joint.chunk(2, -1)
        result = torch.empty_like(joint)
        gate_gradient, up_gradient = result.chunk(2, -1)
        torch.mul(F.silu(gate), gradient, out=up_gradient)
        torch.ops.aten.silu_backward.grad_input(gradient * up, gate, grad_input=gate_gradient)
        return result


class GatedUnitByRows(torch.autograd.Function):
    """`gated_unit` by kernels."""

    @staticmethod
    def forward(ctx: Any, joint: Tensor) -> Tensor:  # noqa: D102 (torch says it)
        from firstwords.model import row_kernels

        result = joint.new_empty(joint.shape[0], joint.shape[1] // 2)
        row_kernels.gated_unit(array(joint), array(result))
        ctx.save_for_backward(joint)
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: D102 (torch says it)
        from firstwords.model import row_kernels

        (joint,) = ctx.saved_tensors
        result = torch.empty_like(joint)
        row_kernels.gated_unit_gradient(array(joint), array(gradients[0].contiguous()), array(result))
        return result


def gated_unit(joint: Tensor) -> Tensor:
    """`silu(gate) * up`, keeping only its input (Shazeer 2020).

    Args:
        joint: (N, 2 M): gate, then up, side by side as one matrix product gives them.

    Returns:
        (N, M)
    """
    if joint.is_cuda:  # compiled, these are one kernel
        gate, up = joint.chunk(2, -1)
        return F.silu(gate) * up
    if goes_by_rows(joint) and joint.is_contiguous():
        return GatedUnitByRows.apply(joint)  # type: ignore[no-any-return, no-untyped-call]
    return call(_GatedUnit, joint)


class _Rotate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        ctx.save_for_backward(cosine, sine)
        return _turn(x, cosine, sine, 1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        cosine, sine = ctx.saved_tensors
        # A rotation's transpose is the rotation backwards.
        return _turn(gradients[0], cosine, sine, -1), None, None


def _turn(x: Tensor, cosine: Tensor, sine: Tensor, direction: int) -> Tensor:
    # The partner of each number is half a head away; the sign that differs between the halves is in `sine`. Writing
    # the halves into views of the result is three times slower (2.9 against 1.0 ms for 4,096 x 256 numbers).
    return (x * cosine).addcmul_(x.roll(x.shape[-1] // 2, -1), sine, value=direction)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary positions: number i of a head's first half and number i of its second half are turned as a pair.

    Args:
        x: (N, H, S)
        cosine: (N, 1, S), as `rotary_angles` gives it.
        sine: (N, 1, S)

    Source: Su et al. 2021; the pairing by halves is the one of transformers' Llama, Qwen3 and EuroBERT.
    """
    if x.is_cuda:  # compiled, these are one kernel
        first, second = x.chunk(2, -1)
        return x * cosine + torch.cat([second, first], -1) * sine
    return call(_Rotate, x, cosine, sine)


def rotary_angles(
    positions: Tensor, head_size: int, base: float, dtype: torch.dtype, scaling: RopeScaling | None = None
) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the rotary angles.

    Args:
        positions: (N,) places in the document.
        head_size: S.
        base: The slowest pair turns about `1 / base` radians a token.
        scaling: Of the angles, for a context longer than the first training's.
        dtype: Of the result; the angles themselves are float32 (float64 for a float64 model).

    Returns:
        Two tensors (N, 1, S): both halves of a head turn by the same angles; the sine of the first half is negative.
    """
    exact = torch.float64 if dtype == torch.float64 else torch.float32
    exponents = torch.arange(0, head_size, 2, device=positions.device, dtype=exact) / head_size
    frequencies = scaled(1.0 / base**exponents, scaling)
    angles = (positions[:, None].to(exact) * frequencies)[:, None, :]
    cosine, sine = angles.cos(), angles.sin()
    return torch.cat([cosine, cosine], -1).to(dtype), torch.cat([-sine, sine], -1).to(dtype)


def scaled(frequencies: Tensor, scaling: RopeScaling | None) -> Tensor:
    """Radians a token of each pair, slowed down as a scaling says.

    Source: Chen et al. 2023 (linear); Llama 3.1 as transformers' `rope_utils` computes it.
    """
    if scaling is None:
        return frequencies
    slow = frequencies / scaling.factor
    if scaling.kind == "linear":
        return slow
    turns = scaling.original_context / (2 * math.pi / frequencies)
    share = (turns - scaling.low_factor) / (scaling.high_factor - scaling.low_factor)
    between = (1 - share) * slow + share * frequencies
    return torch.where(turns < scaling.low_factor, slow, torch.where(turns > scaling.high_factor, frequencies, between))


def at_least_float32(x: Tensor) -> Tensor:
    """The tensor in a precision that sums and logarithms can be taken in: half precisions become float32."""
    return x if x.dtype == torch.float64 else x.float()
