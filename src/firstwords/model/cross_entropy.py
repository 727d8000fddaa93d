"""Cross-entropy over a large vocabulary without ever holding all logits.

Tokens go through the head in chunks whose logits fit the processor's cache. A chunk's gradient is formed right after
its loss, in the same buffer, so that the logits are neither kept nor computed twice. Measured on one core with 4,096
tokens, width 256 and 4,096 entries: 310 ms forward and backward, of which 291 ms are matrix products; the plain way
takes 714 ms.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from firstwords.model.fusion import compiled
from firstwords.model.products import compute_dtype, product
from firstwords.model.rows import array, goes_by_rows
from firstwords.model.written_gradient import call

# Numbers in one chunk of logits: 16 MiB of float32, about a processor's last-level cache.
CHUNK_NUMBERS = 4 * 2**20
# A GPU needs larger pieces to be busy, and adds to the head's gradient after each: so many for a byte of its memory,
# which is a fortieth of it for scores in half precision.
CHUNK_NUMBERS_PER_BYTE = 1 / 80


def chunk_rows(weight: Tensor) -> int:
    """Positions whose logits are held at once."""
    numbers = CHUNK_NUMBERS
    if weight.is_cuda:
        numbers = int(CHUNK_NUMBERS_PER_BYTE * torch.cuda.get_device_properties(weight.device).total_memory)
    return max(16, numbers // weight.shape[0])


def _normalise(logits: Tensor, safe_targets: Tensor) -> tuple[Tensor, Tensor]:
    """Turn logits into probabilities in place; the targets' logits and the log of the normaliser, both (R, 1)."""
    chosen = logits.gather(1, safe_targets)
    largest = logits.amax(1, keepdim=True)
    total = logits.sub_(largest).exp_().sum(1, keepdim=True)
    logits.div_(total)
    return chosen, largest + total.log()


def _loss_and_gradient_in_place(
    scores: Tensor, targets: Tensor, z_loss: float, with_gradient: bool
) -> tuple[Tensor, Tensor | None]:
    """As `loss_and_gradient`, in the buffer of the scores."""
    dtype = scores.dtype
    scores = scores.to(torch.float64 if dtype == torch.float64 else torch.float32)
    counted = (targets >= 0).to(scores.dtype)
    safe = targets.clamp(min=0)
    chosen, log_normaliser = _normalise(scores, safe)
    loss = ((log_normaliser - chosen + z_loss * log_normaliser.square()) * counted).sum(dtype=torch.float64)
    if not with_gradient:
        return loss, None
    # d loss / d logits = p (1 + 2 z log Z) - one-hot, zero where nothing is counted.
    factor = counted if z_loss == 0 else counted * (1 + 2 * z_loss * log_normaliser)
    if z_loss != 0 or scores.is_cuda or not bool(counted.all()):  # on a GPU the question costs more than the answer
        scores.mul_(factor)
    return loss, scores.scatter_add_(1, safe, -counted).to(dtype)


def loss_and_gradient(
    scores: Tensor, targets: Tensor, z_loss: float, with_gradient: bool
) -> tuple[Tensor, Tensor | None]:
    """Summed loss of some logits, and its gradient, in a form that compiles into two passes over them.

    Args:
        scores: (R, vocabulary) logits.
        targets: (R, 1) entries of the vocabulary; -100 = not counted.
        z_loss: As in `sum_cross_entropy`.
        with_gradient: Whether that is wanted.

    Returns:
        Scalar in float64, and (R, vocabulary) in the dtype of the scores.
    """
    exact = scores.to(torch.float64 if scores.dtype == torch.float64 else torch.float32)
    counted = (targets >= 0).to(exact.dtype)
    safe = targets.clamp(min=0)
    log_normaliser = exact.logsumexp(1, keepdim=True)
    loss = log_normaliser - exact.gather(1, safe) + z_loss * log_normaliser.square()
    total = (loss * counted).sum(dtype=torch.float64)
    if not with_gradient:
        return total, None
    factor = counted * (1 + 2 * z_loss * log_normaliser)
    is_target = torch.arange(scores.shape[1], device=scores.device) == targets
    gradient = (exact - log_normaliser).exp() * factor - is_target.to(exact.dtype)
    return total, gradient.to(scores.dtype)


def _by_rows(scores: Tensor, targets: Tensor, z_loss: float, with_gradient: bool) -> tuple[Tensor, Tensor | None]:
    """As `loss_and_gradient`, in the buffer of the scores, by a kernel of our own."""
    from firstwords.model.row_kernels import cross_entropy

    buffer = np.empty(scores.shape[1], np.float32)
    loss = cross_entropy(array(scores), targets[:, 0].numpy(), z_loss, with_gradient, buffer)
    return torch.tensor(loss, dtype=torch.float64), scores if with_gradient else None


Way = Literal["operations", "compiled", "rows"]
"""How scores become a loss and its gradient: by torch's operations, compiled by torch, or by kernels of our own."""
WAYS = {"operations": _loss_and_gradient_in_place, "rows": _by_rows}


class _SumCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, z_loss: float, way: Way) -> Tensor:
        ctx.dtypes = hidden.dtype, weight.dtype
        need_hidden, need_weight = ctx.needs_input_grad[:2]
        precise = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        hidden_gradient = torch.empty_like(hidden) if need_hidden else None
        # Summed over chunks, hence in full precision whatever the products are made in.
        weight_gradient = torch.zeros_like(weight, dtype=precise) if need_weight else None
        dtype = compute_dtype(hidden)
        hidden, weight = hidden.to(dtype), weight.to(dtype)
        rows = chunk_rows(weight)
        if way == "compiled":  # equal chunks: a compiled function is made for one size
            rows = max(1, -(-hidden.shape[0] // max(1, -(-hidden.shape[0] // rows))))
        # Thousands of terms: summed in double precision so that the chunk size leaves no trace in the loss.
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)
        for begin in range(0, hidden.shape[0], rows):
            part = hidden[begin : begin + rows]
            target = targets[begin : begin + rows, None]
            score = compiled(loss_and_gradient) if way == "compiled" else WAYS[way]
            loss, gradient = score(product(part, weight), target, z_loss, need_hidden or need_weight)
            total += loss
            if gradient is None:
                continue
            if hidden_gradient is not None:
                hidden_gradient[begin : begin + rows] = product(gradient, weight.T)
            if weight_gradient is None:
                continue
            if dtype == precise:
                weight_gradient.addmm_(gradient.T, part)
            else:
                weight_gradient += torch.mm(gradient.T, part)
        ctx.gradients = (hidden_gradient, weight_gradient)
        return total.to(precise)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        scale = gradients[0]
        # The sum itself is what is nearly always minimised: then there is nothing to multiply. A GPU would have to be
        # waited for to know it.
        if scale.is_cuda or scale != 1:
            ctx.gradients = [None if g is None else g.mul_(scale.to(g.dtype)) for g in ctx.gradients]
        hidden, weight = (g if g is None else g.to(d) for g, d in zip(ctx.gradients, ctx.dtypes, strict=True))
        return hidden, weight, None, None, None


def sum_cross_entropy(
    hidden: Tensor, weight: Tensor, targets: Tensor, z_loss: float = 0.0, fuse: bool = False
) -> Tensor:
    """Summed cross-entropy of a linear head, in nats.

    Args:
        hidden: (M, width)
        weight: (vocabulary, width)
        targets: (M,) entries of the vocabulary; -100 = not counted.
        z_loss: Weight of the squared log-normaliser, which keeps logits from drifting (PaLM, section 5).
        fuse: Whether what is done with the logits of a chunk is compiled (`model.fusion`).

    Returns:
        Scalar, float32 (float64 for a float64 model). Can be differentiated once.
    """
    way: Way = "compiled" if fuse else "rows" if goes_by_rows(hidden) else "operations"
    return call(_SumCrossEntropy, hidden, weight, targets, z_loss, way)


@torch.no_grad()
def token_nats(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of each position of a linear head, in nats.

    Args:
        hidden: (M, width)
        weight: (vocabulary, width)
        targets: (M,) entries of the vocabulary.

    Returns:
        (M,) in at least float32.
    """
    precise = torch.float64 if hidden.dtype == torch.float64 else torch.float32
    rows = chunk_rows(weight)
    result = torch.empty(hidden.shape[0], dtype=precise, device=hidden.device)
    for begin in range(0, hidden.shape[0], rows):
        part = hidden[begin : begin + rows]
        scores = torch.mm(part, weight.T).to(precise)
        chosen = scores.gather(1, targets[begin : begin + rows, None])
        result[begin : begin + rows] = (torch.logsumexp(scores, 1, keepdim=True) - chosen).flatten()
    return result
