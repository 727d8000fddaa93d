"""Two random views of every text must give one answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from firstwords.training.adversary import Adversary
from firstwords.training.batch import Draws, Example
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig


# Epochs of second views: further up than any run gets.
_SECOND = 1 << 32


@dataclass(frozen=True, kw_only=True)
class RDrop(Adversary):
    """Reads every example twice and adds the divergence between the two answers. No attack: a baseline beside some.

    The views differ by what a model draws (dropout) and by what an objective draws: hidden words, and of long texts the
    stretch that is shown.

    Attributes:
        weight: Of the divergence beside the loss; 1 to 5 are usual.

    Source: Liang et al. 2021 (R-Drop), equations 2 to 4.
    """

    weight: Annotated[float, Field(gt=0)] = 1.0

    def collate(
        self, objective: Objective, examples: Sequence[Example], draws: Draws, config: "ModelConfig"
    ) -> "Batch":
        """All examples, then all again with other draws."""
        return objective.collate([*examples, *examples], _twice(draws), config)

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """The losses of both views, whose count is both too, and their divergence both ways."""
        from firstwords.training.displacement import Remembering
        from firstwords.training.divergence import symmetric_divergence

        asked = Remembering(model)
        total, count = objective.loss(asked, batch, _twice(draws))
        answers = objective.distribution(asked, batch)
        one, other = answers.chunk(2)
        assert one.shape == other.shape, "the two views of an example predict different things"
        # A mean of both directions for each example, which is counted twice here.
        return total + self.weight * symmetric_divergence(one, other), count


def _twice(draws: Draws) -> Draws:
    return replace(draws, keys=draws.keys + tuple((epoch + _SECOND, row) for epoch, row in draws.keys))
