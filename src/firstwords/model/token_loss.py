"""Cross-entropy of every token by itself, with gradients, without ever holding all logits.

`cross_entropy.sum_cross_entropy` forms the gradient while it sums, because all tokens count alike. Where each counts
differently (preferences: as much as its pair is undecided), the logits are computed again in the backward pass.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from firstwords.model.cross_entropy import chunk_rows
from firstwords.model.products import compute_dtype, product
from firstwords.model.written_gradient import call


class _TokenCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        precise = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        ctx.dtypes = hidden.dtype, weight.dtype
        dtype = compute_dtype(hidden)
        hidden, weight = hidden.to(dtype), weight.to(dtype)
        normalisers = torch.empty(hidden.shape[0], 1, dtype=precise, device=hidden.device)
        losses = torch.empty(hidden.shape[0], dtype=precise, device=hidden.device)
        rows = chunk_rows(weight)
        for begin in range(0, hidden.shape[0], rows):
            part = slice(begin, begin + rows)
            scores = product(hidden[part], weight).to(precise)
            chosen = scores.gather(1, targets[part, None])
            normalisers[part] = torch.logsumexp(scores, 1, keepdim=True)
            losses[part] = (normalisers[part] - chosen).squeeze(1)
        ctx.save_for_backward(hidden, weight, targets, normalisers)
        return losses

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        hidden, weight, targets, normalisers = ctx.saved_tensors
        need_hidden, need_weight = ctx.needs_input_grad[:2]
        factors = gradients[0][:, None]
        hidden_gradient = torch.empty_like(hidden) if need_hidden else None
        weight_gradient = torch.zeros_like(weight, dtype=normalisers.dtype) if need_weight else None
        rows = chunk_rows(weight)
        for begin in range(0, hidden.shape[0], rows):
            part = slice(begin, begin + rows)
            scores = product(hidden[part], weight).to(normalisers.dtype)
            scores.sub_(normalisers[part]).exp_()  # probabilities
            scores.scatter_add_(1, targets[part, None], -torch.ones_like(factors[part]))
            change = scores.mul_(factors[part]).to(hidden.dtype)
            if hidden_gradient is not None:
                hidden_gradient[part] = product(change, weight.T)
            if weight_gradient is not None:
                weight_gradient += torch.mm(change.T, hidden[part])
        hidden_dtype, weight_dtype = ctx.dtypes
        return (
            None if hidden_gradient is None else hidden_gradient.to(hidden_dtype),
            None if weight_gradient is None else weight_gradient.to(weight_dtype),
            None,
        )


def token_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each position of a linear head, in nats.

    Args:
        hidden: (M, width)
        weight: (vocabulary, width)
        targets: (M,) entries of the vocabulary.

    Returns:
        (M,) in at least float32. Can be differentiated once.
    """
    return call(_TokenCrossEntropy, hidden, weight, targets)
