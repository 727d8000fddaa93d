"""What turns hidden states into scores: of the next or hidden token, of each token's class, of a whole text's class.

Parameter names and formulas are those of transformers' native classes for the layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from firstwords.model.batch import Batch
from firstwords.model.config import ModelConfig
from firstwords.model.config_file import HeadKind
from firstwords.model.crf import Crf
from firstwords.model.cross_entropy import sum_cross_entropy, token_nats
from firstwords.model.products import linear
from firstwords.model.token_loss import token_cross_entropy
from firstwords.model.unset import linear_layer

# Between `dense` and `classifier`, where it is not GELU.
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"bert": torch.tanh, "roberta": torch.tanh, "distilbert": F.relu}


class Head(nn.Module):
    """Base of the heads.

    `forward(hidden, batch, select, targets, z_loss)` takes (N, width) hidden states and gives logits, or the summed
    loss in nats where targets are given. Targets of -100 are not counted.
    """

    kind: HeadKind
    names: tuple[str, ...] = ()
    """Names of the classes; empty for language models."""
    crf: Crf | None
    """Scores of tags behind tags, where some were learnt."""
    threshold: float | None = None
    """Where a text may have several labels, how probable one must be; None where it has exactly one."""

    def __init__(self) -> None:
        super().__init__()
        self.crf = None  # not a default of the class, which would hide the module that is put here

    def reads(self, batch: Batch, select: Tensor | None) -> Tensor | None:
        """(M,) the only tokens whose hidden states the head looks at; None = all may count."""
        return select


class LanguageModelHead(Head):
    """Scores of every vocabulary entry; the loss never holds all logits at once."""

    kind: HeadKind = "language_model"
    fused_tokens = 0
    """Where it is not 0, what is done with the logits is compiled while training (`model.fusion`)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.lm_head = linear_layer(config.width, config.vocab_size, bias=False)

    def forward(
        self,
        hidden: Tensor,
        batch: Batch,
        select: Tensor | None = None,
        targets: Tensor | None = None,
        z_loss: float = 0.0,
        per_token: bool = False,
    ) -> Tensor:
        """(M, vocabulary) logits, or the summed loss, or the loss of each token (M,), without `z_loss`."""
        if select is not None:
            hidden = hidden.index_select(0, select)
        if targets is None:
            return linear(hidden, self.lm_head.weight)
        if per_token:
            return token_cross_entropy(hidden, self.lm_head.weight, targets)
        fuse = self.fused_tokens > 0 and torch.is_grad_enabled()
        return sum_cross_entropy(hidden, self.lm_head.weight, targets, z_loss, fuse)

    def nats(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """(M,) loss of each target, without gradients and without holding all logits."""
        return token_nats(hidden, self.lm_head.weight, targets)


class TokenHead(Head):
    """Scores of each token's class: `score` on causal layouts, `classifier` on EuroBERT.

    With `crf`, scores of tags behind tags are learnt beside them.
    """

    kind: HeadKind = "tokens"

    def __init__(self, config: ModelConfig, names: Sequence[str], crf: bool = False) -> None:
        super().__init__()
        self.names = tuple(names)
        self.layer_name = "score" if config.causal else "classifier"
        self.add_module(self.layer_name, linear_layer(config.width, len(self.names), bias=True))
        self.crf = Crf(self.names) if crf else None

    def forward(
        self,
        hidden: Tensor,
        batch: Batch,
        select: Tensor | None = None,
        targets: Tensor | None = None,
        z_loss: float = 0.0,
    ) -> Tensor:
        """(M, classes) logits, or the summed loss."""
        if select is not None:
            hidden = hidden.index_select(0, select)
        logits: Tensor = self.get_submodule(self.layer_name)(hidden)
        return logits if targets is None else F.cross_entropy(logits, targets, reduction="sum")


class SequenceHead(Head):
    """Scores of a document's class.

    Causal layouts: a linear `score` of the last token. EuroBERT: `dense`, GELU, `classifier`, pooled as the
    configuration says. BERT and its family: the same on the first token, with the activation of their classes.
    """

    kind: HeadKind = "sequence"

    def __init__(self, config: ModelConfig, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.causal = config.causal
        self.pooling = "bos" if config.is_bert else config.pooling
        self.activation = ACTIVATIONS.get(config.layout, F.gelu)
        if config.causal:
            self.score = linear_layer(config.width, len(self.names), bias=False)
        else:
            self.dense = linear_layer(config.width, config.width, bias=True)
            self.classifier = linear_layer(config.width, len(self.names), bias=True)

    def forward(
        self,
        hidden: Tensor,
        batch: Batch,
        select: Tensor | None = None,
        targets: Tensor | None = None,
        z_loss: float = 0.0,
    ) -> Tensor:
        """(D, classes) logits, or the summed loss."""
        assert select is None, "a sequence head reads whole documents"
        logits = self._causal_logits(hidden, batch) if self.causal else self._bidirectional_logits(hidden, batch)
        return logits if targets is None else F.cross_entropy(logits, targets, reduction="sum")

    def reads(self, batch: Batch, select: Tensor | None) -> Tensor | None:
        """The token of each document that is pooled, where it is one."""
        if self.causal:
            return batch.bounds[1:] - 1
        return batch.bounds[:-1] if self.pooling == "bos" else None

    def _causal_logits(self, hidden: Tensor, batch: Batch) -> Tensor:
        logits: Tensor = self.score(hidden.index_select(0, batch.bounds[1:] - 1))
        return logits

    def _bidirectional_logits(self, hidden: Tensor, batch: Batch) -> Tensor:
        if self.pooling == "bos":
            hidden = hidden.index_select(0, batch.bounds[:-1])
        elif self.pooling == "mean":
            hidden = document_means(hidden, batch)
        logits: Tensor = self.classifier(self.activation(self.dense(hidden)))
        return document_means(logits, batch) if self.pooling == "late" else logits


def document_means(x: Tensor, batch: Batch) -> Tensor:
    """(N, C) to (D, C): the mean over each document's tokens."""
    sums = x.new_zeros(batch.num_documents, x.shape[1]).index_add(0, batch.documents, x)
    return sums / batch.lengths[:, None]


def make_head(kind: HeadKind, config: ModelConfig, names: Sequence[str] = ()) -> Head:
    """A head by its kind."""
    makers: dict[str, Any] = {"tokens": TokenHead, "sequence": SequenceHead}
    return LanguageModelHead(config) if kind == "language_model" else makers[kind](config, names)
