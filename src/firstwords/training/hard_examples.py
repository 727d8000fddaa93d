"""Examples that an earlier model got wrong, shown more often: the second round of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from firstwords.recipe import Component
from firstwords.training.batch import IGNORED, Draws, Example

if TYPE_CHECKING:
    from firstwords.training.objective import Objective

# Tokens that go through the earlier model at once.
_MICRO_TOKENS = 8192


@dataclass(frozen=True, kw_only=True)
class HardExamples(Component):
    """Repeats the training examples on which an earlier model loses most.

    The earlier model should be one that has not learnt them by heart: of one epoch, or of another part of the data.

    Attributes:
        model: The stage that made the earlier model, of the same data and base, such as `finetune.first`.
        share: Of the examples that are called hard, those of the largest loss.
        times: How often they stand in an epoch.

    Source: Liu et al. 2021 (Just train twice), section 4.
    """

    model: str
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    times: Annotated[int, Field(ge=2)] = 3

    def repeated(self, examples: Sequence[Example], losses: Sequence[float]) -> list[Example]:
        """All examples, then the hard ones again under new row numbers, so that their draws differ.

        Args:
            examples: In the order of their rows.
            losses: One an example.
        """
        order = np.argsort(-np.asarray(losses), kind="stable")
        hard = sorted(order[: max(1, round(self.share * len(examples)))].tolist())
        rows = [*examples]
        for _ in range(self.times - 1):
            rows += [replace(examples[index], row=len(rows) + place) for place, index in enumerate(hard)]
        return rows


def example_losses(objective: Objective, model: Any, examples: Sequence[Example]) -> list[float]:
    """The mean loss in nats over everything that is predicted of each example.

    Args:
        objective: With a distribution over one answer for each prediction.
        model: In evaluation mode, with the objective's head.
        examples: As the objective encodes them.
    """
    import torch

    from firstwords.training.loader import cut

    losses = [0.0] * len(examples)
    for piece in cut(examples, _MICRO_TOKENS):
        group = [examples[index] for index in piece]
        draws = Draws(0, tuple((0, example.row) for example in group), evaluating=True)
        batch = objective.collate(group, draws, model.config)
        assert batch.labels is not None and batch.examples is not None
        with torch.no_grad():
            log_probabilities = objective.distribution(model, batch)
        if len(batch.labels) == len(group):
            gold, owners = batch.labels, torch.arange(len(group))
        else:
            select = (batch.labels != IGNORED).nonzero().squeeze(1)
            gold = batch.labels[select]
            ends = batch.bounds[batch.examples][1:]
            owners = torch.searchsorted(ends, select, right=True)
        nats = -log_probabilities.gather(1, gold[:, None]).squeeze(1).double().cpu()
        counts = torch.bincount(owners, minlength=len(group)).clamp_min(1)
        means = torch.bincount(owners, weights=nats, minlength=len(group)) / counts
        for index, value in zip(piece, means.tolist(), strict=True):
            losses[index] = value
    return losses
