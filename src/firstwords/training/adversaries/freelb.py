"""Free large batches: what every step uphill has computed is learnt from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from firstwords.training.adversary import Adversary
from firstwords.training.batch import Draws
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from firstwords.model.batch import Batch


@dataclass(frozen=True, kw_only=True)
class Freelb(Adversary):
    """Climbs from a random start and learns from the mean loss over all places on the way.

    Attributes:
        passes: Places, the start included; each costs a plain step, and each but the last a third more.
        start: Largest length of the random start, as a share of the length of the document's embeddings.
        step_size: Length of a step, as a share of the same.
        radius: Furthest from home, as a share of the same; 0 = no limit (FreeLB++, Li et al. 2021).

    Source: Zhu et al. 2020 (FreeLB), algorithm 1.
    """

    passes: Annotated[int, Field(ge=1)] = 2
    start: Annotated[float, Field(ge=0)] = 0.013
    step_size: Annotated[float, Field(gt=0)] = 0.013
    radius: Annotated[float, Field(ge=0)] = 0.02

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """The mean of the losses of all passes."""
        import torch

        from firstwords.training.displacement import Displaced, direction, random_start, sizes, within

        size = sizes(model, batch)
        offset = random_start(model, batch, draws, self.start)
        losses = []
        for number in range(self.passes):
            offset = offset.detach().requires_grad_()
            loss, count = objective.loss(Displaced(model, offset), batch, draws)
            losses.append(loss)
            if number + 1 < self.passes:
                (gradient,) = torch.autograd.grad(loss, offset, retain_graph=True)
                offset = offset + direction(gradient, batch) * size * self.step_size
                offset = within(offset, batch, size * self.radius) if self.radius else offset
        return torch.stack(losses).mean(), count
