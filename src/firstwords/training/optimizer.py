"""Muon for matrices, AdamW for everything else, as one optimizer.

Muon (Jordan et al. 2024) replaces a matrix's momentum by the nearest matrix with all singular values one, found with a
few matrix products (Newton-Schulz). Matrices of one shape go through these products as one batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from firstwords.training.adamw import STATE, AdamW, Group
from firstwords.training.settings import TrainSettings
from firstwords.training.touched_rows import TouchedRows, marked

Role = Literal["matrix", "embedding", "head", "vector"]

# Amsel et al. 2025 (Polar Express), the first five polynomials for singular values from 1e-3: with these, five
# iterations bring every value in [1e-3, 1] to within 0.15 of one, where Jordan's fixed polynomial leaves 0.68 to 1.14.
# Three leave 0.2 to 1.9 down to 0.01. Polynomials solved for three (0.9 to 1.1 down to 0.02) learnt no better
# (docs/log 2026-11-26-learning).
POLYNOMIALS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
# Rounding may lift a singular value above one, where the polynomials grow fast; this keeps them below.
SAFETY = 1.01


def orthogonalise(matrices: Tensor, num_iterations: int = len(POLYNOMIALS), half: bool = False) -> Tensor:
    """The nearest (semi-)orthogonal matrix of each matrix, approximately.

    Args:
        matrices: (K, M, N) with M <= N (the products are over the smaller side).
        num_iterations: From 1 to 5; with fewer, singular values end less near one.
        half: Make the products in bfloat16, which the polynomials and `SAFETY` allow for.

    Returns:
        (K, M, N), singular values near one; a zero matrix stays zero.
    """
    assert matrices.shape[-2] <= matrices.shape[-1]
    scale = matrices.flatten(1).norm(dim=1)[:, None, None] * SAFETY + torch.finfo(matrices.dtype).tiny
    x = matrices / scale
    if half:
        x = x.bfloat16()
    for a, b, c in POLYNOMIALS[:num_iterations]:
        gram = torch.bmm(x, x.mT)  # (K, M, M)
        polynomial = torch.baddbmm(gram, gram, gram, beta=b / SAFETY**3, alpha=c / SAFETY**5)
        x = torch.baddbmm(x, polynomial, x, beta=a / SAFETY)
    return x.to(matrices.dtype)


def parameter_roles(model: nn.Module) -> dict[str, Role]:
    """What each trainable parameter is: a matrix inside the network, an embedding, part of the head, or a vector."""
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    roles: dict[str, Role] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if id(parameter) in embeddings:
            roles[name] = "embedding"
        elif parameter.ndim != 2:
            roles[name] = "vector"
        else:
            roles[name] = "head" if name.startswith("head.") else "matrix"
    return roles


def updated_whole(model: nn.Module, settings: TrainSettings) -> list[str]:
    """Names of the parameters whose update needs all their numbers; the others may be updated in pieces."""
    muon = settings.matrix_optimizer == "muon"
    return [name for name, role in parameter_roles(model).items() if muon and role == "matrix"]


class _MatrixGroup:
    """All matrices of one shape (or its transpose), as one batch (K, M, N) with M <= N."""

    def __init__(self, parameters: dict[str, nn.Parameter], half: bool) -> None:
        self.parameters = parameters
        self.half = half and next(iter(parameters.values())).is_cuda
        rows, columns = next(iter(parameters.values())).shape
        some = next(iter(parameters.values()))
        # Whatever the products are made in, what is summed over many steps is kept in full precision.
        dtype = some.dtype if some.dtype == torch.float64 else torch.float32
        shape = (len(parameters), min(rows, columns), max(rows, columns))
        self.momentum = torch.zeros(shape, dtype=dtype, device=some.device)
        self.update = torch.empty_like(self.momentum)
        # A tall matrix gets a longer update, so that a typical entry of its output changes as much as a wide one's.
        lengths = [max(1.0, p.shape[0] / p.shape[1]) ** 0.5 for p in parameters.values()]
        self.lengths = torch.tensor(lengths, dtype=dtype, device=some.device)[:, None, None]

    @staticmethod
    def upright(matrix: Tensor) -> Tensor:
        """A view with the smaller side first."""
        return matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix

    def step(self, rate: float, momentum: float, weight_decay: float, num_iterations: int) -> None:
        for parameter, slot in zip(self.parameters.values(), self.update.unbind(), strict=True):
            if parameter.grad is None:
                slot.zero_()
            else:
                slot.copy_(self.upright(parameter.grad))
        self.momentum.lerp_(self.update, 1 - momentum)
        self.update.lerp_(self.momentum, momentum)  # Nesterov: look one step ahead
        change = orthogonalise(self.update, num_iterations, self.half).mul_(self.lengths * -rate)
        matrices = [p.detach() for p in self.parameters.values()]
        if weight_decay:
            torch._foreach_mul_(matrices, 1 - rate * weight_decay)
        torch._foreach_add_([self.upright(p) for p in matrices], list(change.unbind()))


class Optimizer:
    """Updates a model's trainable parameters from their gradients.

    Args:
        model: Parameters are sorted by `parameter_roles`.
        settings: Rates, momenta, weight decay.
        shares: What this process updates, by name (`Engine.shares`); by default all parameters.
    """

    def __init__(
        self, model: nn.Module, settings: TrainSettings, shares: Mapping[str, nn.Parameter] | None = None
    ) -> None:
        self.settings = settings
        named = dict(model.named_parameters()) if shares is None else shares
        roles = parameter_roles(model)
        rates = {
            "matrix": settings.matrix_rate,
            "embedding": settings.embedding_rate,
            "head": settings.head_rate,
            "vector": settings.vector_rate,
        }
        by_rows = {name for name, parameter in model.named_parameters() if id(parameter) in marked(model)}
        self._tables: dict[str, TouchedRows] = {}
        by_shape: dict[tuple[int, ...], dict[str, nn.Parameter]] = {}
        elementwise: dict[Role, dict[str, nn.Parameter]] = {}
        for name, role in roles.items():
            if name not in named:
                continue  # another rank updates it
            parameter = named[name]
            if name in by_rows:
                self._tables[name] = TouchedRows(parameter, settings.betas, settings.epsilon)
            elif role == "matrix" and settings.matrix_optimizer == "muon":
                by_shape.setdefault(tuple(sorted(parameter.shape)), {})[name] = parameter
            else:
                elementwise.setdefault(role, {})[name] = parameter
        self._matrix_groups = [
            _MatrixGroup(parameters, settings.precision == "bfloat16") for parameters in by_shape.values()
        ]
        self._elementwise = {name: p for group in elementwise.values() for name, p in group.items()}
        groups = (
            Group(
                parameters=group,
                rate=rates[role],
                weight_decay=settings.weight_decay if role == "matrix" else 0.0,
            )
            for role, group in elementwise.items()
        )
        self._adamw = AdamW(groups, settings.betas, settings.epsilon)

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """One update.

        Args:
            factor: Every rate is multiplied with it (`schedule.rate_factor`).
        """
        settings = self.settings
        for group in self._matrix_groups:
            rate = settings.matrix_rate * factor
            group.step(rate, settings.momentum, settings.weight_decay, settings.matrix_iterations)
        for table in self._tables.values():
            table.step(settings.embedding_rate * factor)
        self._adamw.step(factor)

    def state(self) -> dict[str, Tensor]:
        """Everything that must be stored to continue exactly, by parameter name."""
        tensors: dict[str, Tensor] = {}
        for group in self._matrix_groups:
            for name, momentum in zip(group.parameters, group.momentum.unbind(), strict=True):
                tensors[f"momentum.{name}"] = momentum
        for name, table in self._tables.items():
            tensors |= {f"{key}.{name}": value for key, value in table.state().items()}
        for name, state in self._adamw.state.items():
            for key, value in state.items():
                tensors[f"{key}.{name}"] = value
        return tensors

    @torch.no_grad()
    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave.

        Raises:
            KeyError: If a tensor is missing.
        """
        for group in self._matrix_groups:
            for name, momentum in zip(group.parameters, group.momentum.unbind(), strict=True):
                momentum.copy_(tensors[f"momentum.{name}"])
        for name, table in self._tables.items():
            table.load_state({key: tensors[f"{key}.{name}"] for key in table.state()})
        for name, parameter in self._elementwise.items():
            if f"step.{name}" in tensors:  # else it was saved before the first step
                self._adamw.load(name, parameter, {key: tensors[f"{key}.{name}"] for key in STATE})
