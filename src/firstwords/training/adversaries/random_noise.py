"""Noise on the embeddings: what an adversary must beat to be worth its gradient."""

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
class RandomNoise(Adversary):
    """The mean loss of several passes, each displaced in another random direction.

    Attributes:
        passes: Each costs a plain step.
        radius: Length of the displacement, as a share of the length of the document's embeddings.
    """

    passes: Annotated[int, Field(ge=1)] = 2
    radius: Annotated[float, Field(gt=0)] = 0.02

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """The mean of the losses of all passes."""
        import torch

        from firstwords.training.displacement import Displaced, random_direction

        losses = []
        for number in range(self.passes):
            offset = random_direction(model, batch, draws, self.radius, f"displacement {number}")
            loss, count = objective.loss(Displaced(model, offset), batch, draws)
            losses.append(loss)
        return torch.stack(losses).mean(), count
