"""The contract of an adversary: what stands between an objective and the model to make training harder.

It wraps any objective, and one that is wrapped already. A gradient that it needs is taken with
`torch.autograd.grad` with respect to displacements of the embeddings, never with `backward`: so nothing is added to a
parameter before the loop does, and accumulation, lanes and ranks work as without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from firstwords.errors import RecipeError
from firstwords.recipe import Component, kind_of
from firstwords.training.batch import Draws, Example
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig, Reason
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Adversary(Component):
    """Changes what an objective reads or how its loss is made, while training only.

    Each method is given the objective and by default asks it; an adversary says what differs.
    """

    def encode(
        self, objective: Objective, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int
    ) -> Example:
        """As `Objective.encode`."""
        return objective.encode(record, tokenizer, labels, context, row)

    def check_start(self, objective: Objective, model: Any, rows: Sequence[Example]) -> None:
        """As `Objective.check_start`."""
        objective.check_start(model, rows)

    def collate(
        self, objective: Objective, examples: Sequence[Example], draws: Draws, config: "ModelConfig"
    ) -> "Batch":
        """As `Objective.collate`; called while training only."""
        return objective.collate(examples, draws, config)

    def loss(self, objective: Objective, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """As `Objective.loss`; called while training only, and must not call `backward`."""
        return objective.loss(model, batch, draws)


@dataclass(frozen=True, kw_only=True)
class Adversarial(Objective):
    """An objective with an adversary in front of it; while evaluating it is the objective alone."""

    objective: Objective
    adversary: Adversary

    @property
    def predicted_share(self) -> float:
        """As the objective's."""
        return self.objective.predicted_share

    @property
    def needs_words(self) -> bool:
        """As the objective's."""
        return self.objective.needs_words

    def measured(self) -> Mapping[str, Objective]:
        """What the bare objective measures."""
        return self.objective.measured()

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """By the adversary."""
        return self.adversary.encode(self.objective, record, tokenizer, labels, context, row)

    def relate(self, rows: Sequence[Example]) -> Sequence[Example]:
        """By the objective."""
        return self.objective.relate(rows)

    def refer(self, model: Any, rows: Sequence[Example]) -> list[Example]:
        """By the objective."""
        return self.objective.refer(model, rows)

    def settle(
        self, rows: Sequence[Example], labels: Sequence[str], config: "ModelConfig"
    ) -> "tuple[Adversarial, list[Reason]]":
        """The objective inside, settled."""
        settled, reasons = self.objective.settle(rows, labels, config)
        return replace(self, objective=settled), reasons

    def conclude(self, model: Any, rows: Sequence[Example]) -> list[tuple[str, str, str]]:
        """The objective's."""
        return self.objective.conclude(model, rows)

    def check(self, config: "ModelConfig") -> None:
        """By the objective.

        Raises:
            RecipeError: As the objective, and if it changes the order of its rows.
        """
        self.objective.check(config)
        if self.objective.is_hybrid:
            raise RecipeError(f"objective '{kind_of(type(self.objective))}' cannot be trained with an adversary")

    def check_start(self, model: Any, rows: Sequence[Example]) -> None:
        """By the adversary."""
        self.adversary.check_start(self.objective, model, rows)

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """By the adversary while training; a batch always knows which documents are pieces of one example."""
        if draws.evaluating:
            return self.objective.collate(examples, draws, config)
        batch = self.adversary.collate(self.objective, examples, draws, config)
        return batch if batch.examples is not None else replace(batch, examples=_pieces(examples))

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """The objective's."""
        return self.objective.head(config, labels)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """By the adversary while training."""
        if draws.evaluating:
            return self.objective.loss(model, batch, draws)
        return self.adversary.loss(self.objective, model, batch, draws)

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """The objective's."""
        return self.objective.distribution(model, batch)

    def decode(self, model: Any, batch: "Batch") -> list[Any] | None:
        """The objective's."""
        return self.objective.decode(model, batch)

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """The objective's."""
        return self.objective.metrics(gold, predicted)


def _pieces(examples: Sequence[Example]) -> "Tensor":
    """(E + 1,) the documents at which each example begins, and their number."""
    import torch

    counts = [0] + [len(example.document_bounds) - 1 for example in examples]
    return torch.tensor(counts).cumsum(0)


def bare(objective: Objective) -> Objective:
    """The objective behind all adversaries: what is the same for a whole class is asked of it."""
    return bare(objective.objective) if isinstance(objective, Adversarial) else objective


def against(objective: Objective, *adversaries: Adversary | None) -> Objective:
    """An objective with adversaries in front of it, the last one outermost; itself where there are none."""
    for adversary in adversaries:
        if adversary is not None:
            objective = Adversarial(objective=objective, adversary=adversary)
    return objective
