"""Predict the next token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.training.batch import IGNORED, Draws, Example, flat_batch
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class CausalLM(Objective):
    """Causal language modelling on packed rows, whose labels are the next tokens (`data.packing`).

    A document is read after an end-of-text and ends with one, so its first token and its end are learnt too: that is
    what generation without a prompt, and `log_likelihood` with an empty context, rely on.

    Attributes:
        z_loss: Weight of the squared log-partition, which keeps logits from drifting (Chowdhery et al. 2022).
    """

    z_loss: float = 1e-4

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Rows one after another."""
        labels = [example.labels for example in examples if isinstance(example.labels, np.ndarray)]
        assert len(labels) == len(examples), "packed rows come with the tokens that follow"
        return flat_batch(examples, labels=np.concatenate(labels))

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the next tokens and their number."""
        return token_loss(model, batch, z_loss=0.0 if draws.evaluating else self.z_loss)


def token_loss(model: Any, batch: "Batch", *, z_loss: float) -> "tuple[Tensor, Tensor]":
    """Summed cross-entropy of all labelled tokens and their number; the head works on no other position."""
    assert batch.labels is not None
    select = (batch.labels != IGNORED).nonzero().squeeze(1)
    targets = batch.labels[select]
    total = model(batch, select=select, targets=targets, z_loss=z_loss)
    return total, batch.labels.new_tensor(len(targets))
