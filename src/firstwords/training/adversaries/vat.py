"""Virtual adversarial training: what the model says must not change in the direction in which it changes most."""

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
class Vat(Adversary):
    """Adds the divergence between the model's answer and its answer under the worst displacement; needs no label.

    Attributes:
        radius: Length of the displacement, as a share of the length of the document's embeddings.
        probe: Length at which the worst direction is looked for, as a share of the same.
        iterations: Of the power method that finds it.
        weight: Of the divergence beside the loss.

    Source: Miyato et al. 2019 (Virtual adversarial training), section 3.3.
    """

    radius: Annotated[float, Field(gt=0)] = 0.02
    # Small for the second-order picture to hold, large enough for a divergence well above float32's roundings.
    probe: Annotated[float, Field(gt=0)] = 0.01
    iterations: Annotated[int, Field(ge=1)] = 1
    weight: Annotated[float, Field(gt=0)] = 1.0

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """The loss and the divergence, whose clean side is taken as given."""
        from firstwords.training.displacement import (
            Displaced,
            Remembering,
            direction,
            random_direction,
            sizes,
            uphill,
        )
        from firstwords.training.divergence import divergence

        asked = Remembering(model)
        clean, count = objective.loss(asked, batch, draws)
        answer = objective.distribution(asked, batch).detach()
        size = sizes(model, batch)
        offset = random_direction(model, batch, draws, self.probe)

        def difference(at: "Tensor") -> "Tensor":
            return divergence(answer, objective.distribution(Displaced(model, at), batch))

        for number in range(self.iterations):
            reach = self.radius if number + 1 == self.iterations else self.probe
            offset = direction(uphill(difference, offset), batch) * size * reach
        return clean + self.weight * difference(offset), count
