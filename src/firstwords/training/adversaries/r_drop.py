"""Two random views of every text must give one answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from firstwords.errors import RecipeError
from firstwords.training.adversary import Adversary
from firstwords.training.batch import Draws, Example
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig


# Of the first so many examples so many views are looked at to see whether they ever differ.
_LOOKED_AT, _VIEWS = 16, 6
# Epochs of second views: further up than any run gets.
_SECOND = 1 << 32


@dataclass(frozen=True, kw_only=True)
class RDrop(Adversary):
    """Reads every example twice and adds the divergence between the two answers. No attack: a baseline beside some.

    The views differ by dropout of the embeddings, so that bases without dropout have two views too; by what a model
    draws (its own dropout); and by what an objective draws: hidden words, and of long texts the stretch that is shown.

    Attributes:
        weight: Of the divergence beside the loss; 1 to 5 are usual.
        dropout: Share of the numbers of the embeddings that each view loses.

    Source: Liang et al. 2021 (R-Drop), equations 2 to 4.
    """

    version: ClassVar[int] = 2

    weight: Annotated[float, Field(gt=0)] = 1.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    def check_start(self, objective: Objective, model: Any, rows: Sequence[Example]) -> None:
        """Refuse where nothing at all is drawn: there are no two views then.

        Raises:
            RecipeError: If so, or as the objective.
        """
        import torch

        objective.check_start(model, rows)
        if self.dropout:
            return
        sample = rows[:_LOOKED_AT]
        seen: list[tuple[Tensor, Tensor]] = []
        was_training = model.training
        model.train()
        with torch.no_grad(), torch.random.fork_rng():
            for epoch in range(_VIEWS):
                torch.manual_seed(epoch)
                draws = Draws(0, tuple((epoch, row.row) for row in sample))
                batch = objective.collate(sample, draws, model.config)
                # A new head may answer the same to everything, so equal answers alone prove nothing.
                seen.append((batch.input_ids, objective.distribution(model, batch)))
        model.train(was_training)
        if all(torch.equal(ids, seen[0][0]) and torch.equal(answers, seen[0][1]) for ids, answers in seen):
            raise RecipeError(
                "adversary 'r_drop' compares two random views of a text, but the base has no dropout and nothing is "
                "drawn in showing a text. Let its own dropout be above 0"
            )

    def collate(
        self, objective: Objective, examples: Sequence[Example], draws: Draws, config: "ModelConfig"
    ) -> "Batch":
        """All examples, then all again with other draws."""
        return objective.collate([*examples, *examples], _twice(draws), config)

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """The losses of both views, whose count is both too, and their divergence both ways."""
        from firstwords.training.displacement import Displaced, Remembering, draw, embed
        from firstwords.training.divergence import symmetric_divergence

        seen = model
        if self.dropout:
            entering = embed(model, batch)
            drawn = draw(batch, _twice(draws), entering.shape[1], entering, "dropout", gaussian=False)  # from -1 to 1
            kept = (drawn >= 2 * self.dropout - 1).to(entering.dtype) / (1 - self.dropout)
            seen = Displaced(model, entering * (kept - 1))
        asked = Remembering(seen)
        total, count = objective.loss(asked, batch, _twice(draws))
        answers = objective.distribution(asked, batch)
        one, other = answers.chunk(2)
        assert one.shape == other.shape, "the two views of an example predict different things"
        # A mean of both directions for each example, which is counted twice here.
        return total + self.weight * symmetric_divergence(one, other), count


def _twice(draws: Draws) -> Draws:
    return replace(draws, keys=draws.keys + tuple((epoch + _SECOND, row) for epoch, row in draws.keys))
