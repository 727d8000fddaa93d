"""Smoothness: what the model says about a text and about its surroundings must be alike, seen from both sides."""

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
class Smart(Adversary):
    """SMART's smoothness-inducing part: the symmetric divergence at the worst place inside a small cube.

    Its second part (steps held back by a running average of the model) is not made here; nor is it in its authors'
    own code.

    Attributes:
        steps: Uphill.
        start: Standard deviation of the random start. This and what follows are shares of the root mean square of the
            document's embeddings.
        step_size: Largest change of a number in a step; the others in proportion.
        radius: Largest displacement of a number.
        weight: Of the divergence beside the loss.

    Source: Jiang et al. 2020 (SMART), section 3.1.
    """

    steps: Annotated[int, Field(ge=1)] = 1
    start: Annotated[float, Field(gt=0)] = 0.01
    step_size: Annotated[float, Field(gt=0)] = 0.04
    radius: Annotated[float, Field(gt=0)] = 0.04
    weight: Annotated[float, Field(gt=0)] = 1.0

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """The loss and the divergence, through both of whose sides the model learns."""
        import torch

        from firstwords.training.displacement import Displaced, Remembering, draw, sizes, uphill
        from firstwords.training.divergence import symmetric_divergence

        asked = Remembering(model)
        clean, count = objective.loss(asked, batch, draws)
        answer = objective.distribution(asked, batch)
        size = sizes(model, batch)
        width = model.config.width
        scale = size / (batch.lengths[batch.documents, None] * width).sqrt()  # root mean square
        offset = self.start * scale * draw(batch, draws, width, size, "displacement", gaussian=True)

        def difference(at: "Tensor", beside: "Tensor") -> "Tensor":
            return symmetric_divergence(beside, objective.distribution(Displaced(model, at), batch))

        for _ in range(self.steps):
            gradient = uphill(lambda at: difference(at, answer.detach()), offset)
            largest = gradient.abs().amax(1, keepdim=True).clamp_min(torch.finfo(gradient.dtype).tiny)
            offset = offset + self.step_size * scale * gradient / largest
            offset = torch.minimum(torch.maximum(offset, -self.radius * scale), self.radius * scale)
        return clean + self.weight * difference(offset, answer), count
