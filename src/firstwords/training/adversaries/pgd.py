"""Projected gradient steps: the worst place near the embeddings, found in several small steps."""

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
class Pgd(Adversary):
    """Learns from each batch as it is, and at the place that `steps` steps uphill inside a ball lead to.

    Attributes:
        steps: Uphill. Each costs two thirds of a plain training step.
        step_size: Length of a step, as a share of the length of the document's embeddings.
        radius: Of the ball, as a share of the same.
        share: Of the displaced batch in the loss.

    Source: Madry et al. 2018, on embeddings; step and radius in the proportion of 0.3 to 1 that is usual for text.
    """

    steps: Annotated[int, Field(ge=1)] = 3
    step_size: Annotated[float, Field(gt=0)] = 0.007
    radius: Annotated[float, Field(gt=0)] = 0.02
    share: Annotated[float, Field(gt=0, le=1)] = 0.5

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """A mean of both losses, weighted by `share`."""
        import torch

        from firstwords.training.displacement import Displaced, direction, embed, sizes, uphill, within

        size = sizes(model, batch)
        offset = torch.zeros_like(embed(model, batch))
        for _ in range(self.steps):
            gradient = uphill(lambda at: objective.loss(Displaced(model, at), batch, draws)[0], offset)
            offset = within(offset + direction(gradient, batch) * size * self.step_size, batch, size * self.radius)
        attacked, count = objective.loss(Displaced(model, offset), batch, draws)
        if self.share == 1:
            return attacked, count
        clean, _ = objective.loss(model, batch, draws)
        return (1 - self.share) * clean + self.share * attacked, count
