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
    """Causal language modelling on packed rows.

    In the token store every document is followed by end-of-text. Here that mark becomes the first token of the document
    that comes after it: so a document's last token learns to end it, and its first token is predicted from the mark,
    as generation without a prompt and `log_likelihood` with an empty context do.

    Attributes:
        z_loss: Weight of the squared log-partition, which keeps logits from drifting (Chowdhery et al. 2022).
    """

    z_loss: float = 1e-4

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Labels are the next tokens; only the last token of a row has none."""
        labels = np.concatenate([np.append(example.input_ids[1:], IGNORED) for example in examples])
        bounds = []
        start = 0
        for example in examples:
            inner = example.document_bounds[1:-1]
            # A piece that starts in the middle of a document has no mark before it: its bound stays.
            marked = example.input_ids[inner - 1] == config.eos_id
            bounds += [np.array([start]), start + inner - marked]
            start += len(example)
        return flat_batch(
            examples, bounds=np.unique(np.concatenate([*bounds, np.array([start])])), labels=labels
        )

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
