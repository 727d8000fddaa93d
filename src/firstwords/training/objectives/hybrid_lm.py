"""Predict the next token and masked tokens with one set of weights (GPT-BERT, Charpentier & Samuel 2024)."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from firstwords.training.batch import IGNORED, Draws, Example, flat_batch
from firstwords.training.objective import Objective
from firstwords.training.objectives.causal_lm import token_loss
from firstwords.training.objectives.masked_lm import MaskedLM

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class HybridLM(Objective):
    """Causal and masked language modelling on packed rows, under one head.

    A row is either read causally, and every next token is predicted; or read in both directions with some tokens
    masked, and a masked token is predicted from the state one place *before* it. So in both cases a state predicts the
    token behind it, and the head need not know which case it is. A row changes sides from epoch to epoch.

    Attributes:
        masked_rows: Share of the rows that are masked. With three in four, and 30 % of their tokens masked, both kinds
            of prediction are about equally many.
        masked: How tokens are masked.
        z_loss: Weight of the squared log-partition, for both kinds.
    """

    max_epochs: ClassVar[float] = 8.0
    layouts: ClassVar[tuple[str, ...]] = ("llama",)
    is_hybrid: ClassVar[bool] = True

    masked_rows: float = 0.75
    masked: MaskedLM = field(default_factory=MaskedLM)
    z_loss: float = 1e-4

    def __post_init__(self) -> None:
        if not 0 <= self.masked_rows <= 1:
            raise ValueError(f"masked_rows is {self.masked_rows}; it must lie between 0 and 1")

    @property
    def predicted_share(self) -> float:
        """All tokens of causal rows, some of masked ones."""
        return 1 - self.masked_rows * (1 - self.masked.predicted_share)

    @property
    def needs_words(self) -> bool:
        """Whether words or spans of them are hidden."""
        return self.masked.needs_words

    def measured(self) -> Mapping[str, Objective]:
        """As a causal model on all held-out rows, and as a masked one on all of them."""
        return {
            "": dataclasses.replace(self, masked_rows=0.0),
            "masked_": dataclasses.replace(self, masked_rows=1.0),
        }

    def is_masked(self, epoch: int, row: int) -> bool:
        """Whether a row is masked in an epoch: evenly spread over neighbouring rows, and over the epochs of a row."""
        number = epoch + row
        return math.floor((number + 1) * self.masked_rows) > math.floor(number * self.masked_rows)

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """The causal rows, then the masked ones; labels are what follows each token, where it is to be predicted."""
        masked = [self.is_masked(0 if draws.evaluating else epoch, row) for epoch, row in draws.keys]
        order = [i for i, is_masked in enumerate(masked) if not is_masked]
        num_causal_rows = len(order)
        order += [i for i, is_masked in enumerate(masked) if is_masked]
        inputs: list[np.ndarray] = []
        labels: list[np.ndarray] = []
        for index in order:
            example = examples[index]
            assert isinstance(example.labels, np.ndarray), "packed rows come with the tokens that follow"
            if masked[index]:
                # What stands first in a piece of a document has no place before it that could predict it.
                read, hidden = self.masked.mask(example, draws, index, config, example.document_bounds[:-1])
                inputs.append(read)
                labels.append(np.append(hidden[1:], IGNORED))
            else:
                inputs.append(example.input_ids)
                labels.append(example.labels)
        ordered = [examples[index] for index in order]
        batch = flat_batch(ordered, input_ids=np.concatenate(inputs), labels=np.concatenate(labels))
        num_causal = sum(len(example.document_bounds) - 1 for example in ordered[:num_causal_rows])
        return dataclasses.replace(batch, num_causal=num_causal)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary, for both kinds."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of next and of masked tokens, and the number of both."""
        return token_loss(model, batch, z_loss=0.0 if draws.evaluating else self.z_loss)
