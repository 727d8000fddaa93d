"""AdamW for tables of embeddings of which a batch touches a few rows.

Fine-tuning reads some hundred of a vocabulary's thirty thousand rows in a batch. A dense gradient of the table, its
length, its copy for each core and its update then cost a sixth of a step for rows that are zero
(docs/log/2026-11-26-encoders.md). Here every row is an AdamW of its own whose steps are the batches that contain it:
moments and their corrections count those alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

# Below so many rows a dense gradient is as cheap.
LARGE_TABLE = 4096


def mark_tables(model: nn.Module, *, sparse: bool) -> None:
    """Have the large tables of a model updated by rows.

    Args:
        model: A table whose weights are used elsewhere too (a tied head) is left alone.
        sparse: Whether their gradients may be lists of rows; else they are dense and the rows are looked for.
    """
    uses = [id(p) for module in model.modules() for p in module.parameters(recurse=False)]
    for module in model.modules():
        if isinstance(module, nn.Embedding) and module.num_embeddings >= LARGE_TABLE:
            module.updates_rows = uses.count(id(module.weight)) == 1  # type: ignore[assignment]
            module.sparse = sparse and bool(module.updates_rows)


def marked(model: nn.Module) -> set[int]:
    """Ids of the weights that are updated by rows."""
    return {id(module.weight) for module in model.modules() if getattr(module, "updates_rows", False)}


class TouchedRows:
    """The optimizer of one table.

    Args:
        parameter: (V, width)
        betas: Of both moments.
        epsilon: As in AdamW.
    """

    def __init__(self, parameter: nn.Parameter, betas: tuple[float, float], epsilon: float) -> None:
        self.parameter = parameter
        self.betas, self.epsilon = betas, epsilon
        self.first = torch.zeros_like(parameter, requires_grad=False)
        self.second = torch.zeros_like(parameter, requires_grad=False)
        self.steps = torch.zeros(len(parameter), dtype=torch.float32, device=parameter.device)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Update the rows that have a gradient."""
        gradient = self.parameter.grad
        if gradient is None:
            return
        if gradient.is_sparse:
            gradient = gradient.coalesce()
            rows, values = gradient.indices()[0], gradient.values()
        else:
            rows = gradient.ne(0).any(1).nonzero().squeeze(1)
            values = gradient[rows]
        first = self.first[rows].lerp_(values, 1 - self.betas[0])
        second = self.second[rows].mul_(self.betas[1]).addcmul_(values, values, value=1 - self.betas[1])
        steps = self.steps[rows] + 1
        for whole, part in ((self.first, first), (self.second, second), (self.steps, steps)):
            whole.index_copy_(0, rows, part)
        corrections = (1 - beta ** steps[:, None].double() for beta in self.betas)
        one, two = (each.to(first.dtype) for each in corrections)
        change = (first / one).div_((second / two).sqrt_().add_(self.epsilon)).mul_(-rate)
        self.parameter.index_add_(0, rows, change)

    def state(self) -> dict[str, Tensor]:
        """Moments and how often each row was updated, under the names that AdamW uses."""
        return {"exp_avg": self.first, "exp_avg_sq": self.second, "step": self.steps}

    @torch.no_grad()
    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Take over what `state` gave."""
        for name, own in self.state().items():
            own.copy_(tensors[name])
