"""Matrix products of a training step: by the faster library, several matrices at once, the norm before them included.

A product with a matrix of weights is `x @ weight.T`. On processors of AMD with AVX-512, oneDNN makes it 7 to 15 %
faster than MKL, which torch takes by default (docs/log/2026-11-26-training-speed.md); float32 stays float32. Everywhere
else torch decides.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from firstwords.model.rows import array, goes_by_rows, parameter_array
from firstwords.model.written_gradient import call

# Below this, what oneDNN does before it multiplies (12 microseconds) costs more than it gains: a text that is being
# written brings one token at a time (docs/log/2026-11-26-generation.md).
SMALL_PRODUCT, SMALL_MATRIX = 2**20, 2**18


@cache
def _onednn_is_faster() -> bool:
    """Whether float32 products of this processor go to oneDNN: decided by its name, so that runs are reproducible."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not torch.backends.mkldnn.is_available():
        return False
    try:
        return "AuthenticAMD" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x @ weight.T + bias`, without gradients.

    Args:
        x: (N, inputs)
        weight: (outputs, inputs); a transposed view is as good as a contiguous matrix.
        bias: (outputs,)

    Returns:
        (N, outputs)
    """
    numbers = weight.numel()
    small = numbers <= SMALL_MATRIX and numbers * x.shape[0] <= SMALL_PRODUCT
    # The compiler takes this operation with constant weights only.
    by_torch = small or torch.compiler.is_compiling()
    if not by_torch and x.dtype == torch.float32 and x.device.type == "cpu" and _onednn_is_faster():
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
        return result
    return torch.mm(x, weight.T) if bias is None else torch.addmm(bias, x, weight.T)


def compute_dtype(x: Tensor) -> torch.dtype:
    """In which dtype products are made: the one of autocast where that is on, else the tensor's own."""
    kind = x.device.type
    if x.dtype != torch.float64 and torch.is_autocast_enabled(kind):
        return torch.get_autocast_dtype(kind)
    return x.dtype


class Linear(torch.autograd.Function):
    """`linear`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:  # noqa: D102 (torch says it)
        dtype = compute_dtype(x)
        ctx.dtypes = x.dtype, weight.dtype
        x, weight = x.to(dtype), weight.to(dtype)
        ctx.save_for_backward(x, weight)
        return product(x, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:  # noqa: D102 (torch says it)
        x, weight = ctx.saved_tensors
        gradient = gradients[0].to(x.dtype)
        x_dtype, weight_dtype = ctx.dtypes
        x_gradient = product(gradient, weight.T).to(x_dtype) if ctx.needs_input_grad[0] else None
        weight_gradient = torch.mm(gradient.T, x).to(weight_dtype) if ctx.needs_input_grad[1] else None
        return x_gradient, weight_gradient


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """`x @ weight.T`, with gradients.

    Args:
        x: (N, inputs)
        weight: (outputs, inputs)
    """
    if x.device.type != "cpu":
        return F.linear(x, weight)
    return call(Linear, x, weight)


class _BiasedLinear(torch.autograd.Function):
    """Several matrices at once; the gradient of a bias is a sum over the tokens."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, number: int, *parameters: Tensor) -> Tensor:
        dtype = compute_dtype(x)
        weights, biases = parameters[:number], parameters[number:]
        weight = (weights[0] if number == 1 else torch.cat(weights)).to(dtype)
        bias = (biases[0] if number == 1 else torch.cat(biases)).to(dtype)
        ctx.dtypes, ctx.sizes = (x.dtype, weights[0].dtype), [each.shape[0] for each in weights]
        x = x.to(dtype)
        ctx.save_for_backward(x, weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        gradient = gradients[0].to(x.dtype)
        x_dtype, own = ctx.dtypes
        number = len(ctx.sizes)
        x_gradient = product(gradient, weight.T).to(x_dtype) if ctx.needs_input_grad[0] else None
        if not any(ctx.needs_input_grad[2:]):
            return (x_gradient, None, *[None] * (2 * number))
        parts = torch.mm(gradient.T, x).to(own).split(ctx.sizes)
        return (x_gradient, None, *parts, *gradient.sum(0).to(own).split(ctx.sizes))


def biased_linear(x: Tensor, *layers: nn.Linear) -> Tensor:
    """`x @ weight.T + bias` for several layers at once, with gradients.

    Args:
        x: (N, inputs)
        layers: With weights (outputs, inputs) and biases.

    Returns:
        (N, sum of outputs)
    """
    weights: list[Tensor] = [layer.weight for layer in layers]
    biases: list[Tensor] = [layer.bias for layer in layers]
    if x.device.type != "cpu":
        if len(layers) == 1:
            return F.linear(x, weights[0], biases[0])
        return F.linear(x, torch.cat(weights), torch.cat(biases))
    return call(_BiasedLinear, x, len(layers), *weights, *biases)


class _NormedLinear(torch.autograd.Function):
    """The norm's weight is multiplied into the matrices, which are far smaller than the activations."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scales: Tensor, epsilon: float, *weights: Tensor) -> Tensor:
        dtype = compute_dtype(x)
        square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        inverse = square.add_(epsilon).rsqrt_()  # (N, 1)
        normal = (x * inverse).to(dtype)
        scaled = torch.cat(weights).mul_(scales).to(dtype)
        ctx.save_for_backward(normal, inverse, scales, scaled, *weights)
        return product(normal, scaled)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        normal, inverse, scales, scaled, *weights = ctx.saved_tensors
        gradient = gradients[0].to(normal.dtype)
        x_gradient: Tensor | None = None
        if ctx.needs_input_grad[0]:
            x_gradient = product(gradient, scaled.T).to(inverse.dtype)
            # What changes the length of x is undone by the normalisation, so its share is taken out.
            along = (x_gradient * normal).sum(-1, keepdim=True).div_(-x_gradient.shape[-1])
            x_gradient.addcmul_(normal, along).mul_(inverse)
        if not any(ctx.needs_input_grad[1:]):
            return (x_gradient, *[None] * (2 + len(weights)))
        joint = torch.mm(gradient.T, normal).to(scales.dtype)
        parts = joint.split([weight.shape[0] for weight in weights])
        scales_gradient = torch.zeros_like(scales)
        for part, weight in zip(parts, weights, strict=True):
            scales_gradient += (part * weight).sum(0)
        joint.mul_(scales)
        return (x_gradient, scales_gradient, None, *parts)


class NormedLinearByRows(torch.autograd.Function):
    """As `_NormedLinear`, what is done to rows and to columns of the matrices in one pass each."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scales: Tensor, epsilon: float, *weights: Tensor) -> Tensor:  # noqa: D102 (torch says it)
        from firstwords.model.row_kernels import normalise, scale_columns

        dtype = compute_dtype(x)
        x = x.contiguous()
        normal, inverse = torch.empty_like(x, dtype=dtype), torch.empty(x.shape[0])
        normalise(array(x), np.float32(epsilon), array(normal), array(inverse))
        sizes = [weight.shape[0] for weight in weights]
        scaled = torch.empty(sum(sizes), x.shape[1], dtype=dtype)
        for weight, part in zip(weights, scaled.split(sizes), strict=True):
            scale_columns(parameter_array(weight), parameter_array(scales), array(part))
        ctx.save_for_backward(normal, inverse, scales, scaled, *weights)
        return product(normal, scaled)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102 (torch says it)
        from firstwords.model.row_kernels import normalise_gradient, scale_columns_gradient

        normal, inverse, scales, scaled, *weights = ctx.saved_tensors
        gradient = gradients[0].to(normal.dtype)
        # A second gradient, where there is one, is that of a stream which goes past and is added.
        past = gradients[1] if len(gradients) > 1 else torch.empty(0, normal.shape[1])
        x_gradient: Tensor | None = None
        if ctx.needs_input_grad[0]:
            slope, x_gradient = product(gradient, scaled.T), torch.empty_like(normal, dtype=torch.float32)
            normalise_gradient(array(slope), array(normal), array(inverse), array(past), array(x_gradient))
        if not any(ctx.needs_input_grad[1:]):
            return (x_gradient, *[None] * (2 + len(weights)))
        joint = torch.mm(gradient.T, normal).split([weight.shape[0] for weight in weights])
        parts, scales_gradient = [torch.empty_like(weight) for weight in weights], torch.zeros_like(scales)
        for slope, weight, part in zip(joint, weights, parts, strict=True):
            given = parameter_array(weight), parameter_array(scales)
            scale_columns_gradient(array(slope), *given, array(part), array(scales_gradient))
        return (x_gradient, scales_gradient, None, *parts)


def normed_linear(x: Tensor, scales: Tensor, epsilon: float, *weights: Tensor) -> Tensor:
    """RMSNorm, then the product with several matrices at once.

    Args:
        x: (N, inputs)
        scales: (inputs,) weight of the norm.
        epsilon: Of the norm.
        weights: (outputs, inputs) each.

    Returns:
        (N, sum of outputs)
    """
    if x.dtype not in (torch.float32, torch.float64):
        normal = F.rms_norm(x.float(), scales.shape, scales.float(), epsilon).to(x.dtype)
        return F.linear(normal, torch.cat(weights))
    if not torch.is_grad_enabled():
        # A few new tokens of a text that is being written: copying the matrices would cost more than the products.
        normal = F.rms_norm(x, scales.shape, scales, epsilon).to(compute_dtype(x))
        return torch.cat([product(normal, weight.to(normal.dtype)) for weight in weights], -1)
    if x.device.type != "cpu":
        return F.linear(F.rms_norm(x, scales.shape, scales, epsilon), torch.cat(weights))
    if goes_by_rows(x) and all(weight.dtype == torch.float32 for weight in weights):
        return NormedLinearByRows.apply(x, scales, epsilon, *weights)  # type: ignore[no-any-return, no-untyped-call]
    return call(_NormedLinear, x, scales, epsilon, *weights)
