"""Predict the next token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firstwords.errors import RecipeError
from firstwords.training.batch import Draws, Example, flat_batch
from firstwords.training.fill_in_the_middle import rearrange
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
        infilling_rate: Share of the pieces of documents that are rearranged so that the model learns to fill in the
            middle (`training.fill_in_the_middle`). Half of them costs next to nothing in the usual direction (Bavarian
            et al. 2022). Needs a tokenizer with `infilling = true`. Losses are measured on plain text.
        suffix_first_share: Of the rearranged pieces, that begin with the suffix.
    """

    is_uniform = True

    z_loss: float = 1e-4
    infilling_rate: float = 0.0
    suffix_first_share: float = 0.5

    def __post_init__(self) -> None:
        for name in ("infilling_rate", "suffix_first_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must lie between 0 and 1")

    def check(self, config: "ModelConfig") -> None:
        """Refuse to fill in the middle without the marks for it."""
        if self.infilling_rate and config.infilling_id is None:
            raise RecipeError(
                f"infilling_rate {self.infilling_rate} needs special tokens that the vocabulary lacks: "
                'write tokenizer = { kind = "byte_bpe", infilling = true } in [train_tokenizer]'
            )

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Rows one after another."""
        labels = [example.labels for example in examples if isinstance(example.labels, np.ndarray)]
        assert len(labels) == len(examples), "packed rows come with the tokens that follow"
        if draws.evaluating or not self.infilling_rate:
            return flat_batch(examples, labels=np.concatenate(labels))
        assert config.infilling_id is not None, "the vocabulary has no marks for prefix, suffix and middle"
        rows = [
            rearrange(
                example.input_ids,
                following,
                example.document_bounds,
                draws.generator(index, "infilling"),
                rate=self.infilling_rate,
                suffix_first_share=self.suffix_first_share,
                first_mark=config.infilling_id,
                end_of_text=config.eos_id,
            )
            for index, (example, following) in enumerate(zip(examples, labels, strict=True))
        ]
        inputs, targets = zip(*rows, strict=True)
        return flat_batch(examples, input_ids=np.concatenate(inputs), labels=np.concatenate(targets))

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the next tokens and their number."""
        return token_loss(model, batch, z_loss=0.0 if draws.evaluating else self.z_loss)

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """(M, V) log-probabilities at the predicted tokens."""
        return token_distribution(model, batch)


def token_loss(model: Any, batch: "Batch", *, z_loss: float) -> "tuple[Tensor, Tensor]":
    """Summed cross-entropy of all labelled tokens and their number; the head works on no other position."""
    assert batch.labels is not None
    select = batch.labelled_tokens
    targets = batch.labels[select]
    total = model(batch, select=select, targets=targets, z_loss=z_loss)
    return total, batch.labels.new_full((), len(targets))  # a copy from here would wait for a GPU


def token_distribution(model: Any, batch: "Batch") -> "Tensor":
    """(M, V) log-probabilities of the vocabulary at all labelled tokens."""
    from firstwords.model.operations import at_least_float32

    assert batch.labels is not None
    select = batch.labelled_tokens
    return at_least_float32(model(batch, select=select)).log_softmax(1)
