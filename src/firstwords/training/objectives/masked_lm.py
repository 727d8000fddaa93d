"""Predict masked tokens from both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from firstwords.training.batch import IGNORED, Draws, Example, flat_batch
from firstwords.training.masking import Unit, hidden_tokens
from firstwords.training.objective import Objective
from firstwords.training.objectives.causal_lm import token_distribution, token_loss

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class MaskedLM(Objective):
    """Masked language modelling on packed rows.

    Attributes:
        share: Of a row's tokens that are to be predicted. ModernBERT (Warner et al. 2024) and MosaicBERT train with
            30 %; Wettig et al. 2023 find that more than BERT's 15 % pays.
        final_share: The share moves evenly to this one while training (GPT-BERT: 30 % to 15 %, Charpentier & Samuel
            2024); None = it stays.
        evaluation_share: The same when the loss is measured; 15 % is what published figures use.
        random_share: Of these tokens, that are replaced by a random one instead of the mask (BERT's rule).
        kept_share: Of these tokens, that stay as they are.
        unit: What is hidden as a whole: a `token`, a whole `word`, or a `span` of whole words, whose length is
            geometric (SpanBERT). Losses are always measured on tokens, so that numbers compare.
        span_stop: Chance that a span ends after a word.
        max_span: Longest span, in words.
        z_loss: Weight of the squared log-partition, which keeps logits from drifting.
    """

    # Other tokens are hidden every time: still better after eight readings (docs/log/2026-11-26-repetition.md).
    max_epochs: ClassVar[float] = 8.0
    layouts: ClassVar[tuple[str, ...]] = ("eurobert",)

    share: float = 0.3
    final_share: float | None = None
    evaluation_share: float = 0.15
    random_share: float = 0.1
    kept_share: float = 0.1
    unit: Unit = "token"
    span_stop: float = 0.2
    max_span: int = 10
    z_loss: float = 1e-4

    def __post_init__(self) -> None:
        for name in ("share", "final_share", "evaluation_share"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise ValueError(f"{name} is {value}; it must be above 0 and at most 1")
        if min(self.random_share, self.kept_share) < 0 or self.random_share + self.kept_share > 1:
            raise ValueError("random_share and kept_share must not be negative, nor more than 1 together")
        if not 0 < self.span_stop < 1 or self.max_span < 1:
            raise ValueError(
                f"span_stop {self.span_stop} must lie between 0 and 1, and max_span {self.max_span} be at least 1"
            )

    @property
    def predicted_share(self) -> float:
        """The mean share of hidden tokens over the training."""
        return self.share if self.final_share is None else (self.share + self.final_share) / 2

    @property
    def needs_words(self) -> bool:
        """Whether words or spans of them are hidden."""
        return self.unit != "token"

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Tokens with some of them masked; labels are the original tokens at those places."""
        masked, labels = zip(
            *(self.mask(example, draws, index, config) for index, example in enumerate(examples)),
            strict=True,
        )
        return flat_batch(examples, input_ids=np.concatenate(masked), labels=np.concatenate(labels))

    def mask(
        self,
        example: Example,
        draws: Draws,
        index: int,
        config: "ModelConfig",
        barred: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """A row with some tokens hidden, and the hidden tokens at their own places.

        Args:
            example: The row.
            draws: Of its batch.
            index: Of the row in the batch.
            config: For the ids of special tokens, which are never hidden, and the size of the vocabulary.
            barred: Places that must not be hidden either.

        Returns:
            (T,) int64 tokens to be read, (T,) int64 labels with -100 where nothing was hidden.
        """
        assert config.mask_id is not None, "a model without a mask token cannot learn to predict masked tokens"
        tokens = example.input_ids
        special = np.array([config.pad_id, config.bos_id, config.eos_id, config.mask_id])
        generator = draws.generator(index, "mask")
        allowed = ~np.isin(tokens, special)
        if barred is not None:
            allowed[barred] = False
        candidates = np.flatnonzero(allowed)
        # An exact share, at least one token where there is any: a smaller spread than a coin for every token.
        num_wanted = min(len(candidates), max(1, round(self._share_at(draws) * len(candidates))))
        chosen, owners = hidden_tokens(
            generator,
            candidates,
            example.word_starts,
            num_wanted,
            "token" if draws.evaluating else self.unit,
            span_stop=self.span_stop,
            max_span=self.max_span,
        )
        labels = np.full(len(tokens), IGNORED, dtype=np.int64)
        labels[chosen] = tokens[chosen]
        fate = generator.random(len(chosen))
        if self.unit == "span" and not draws.evaluating:
            fate = fate[np.unique(owners, return_inverse=True)[1]]  # the tokens of a span share their fate (SpanBERT)
        random_tokens = generator.integers(0, config.vocab_size, len(chosen))
        random_tokens = np.where(np.isin(random_tokens, special), config.mask_id, random_tokens)
        replaced = np.where(fate < self.random_share, random_tokens, config.mask_id)
        kept = fate >= 1 - self.kept_share
        masked = tokens.astype(np.int64)
        masked[chosen] = np.where(kept, tokens[chosen], replaced)
        return masked, labels

    def _share_at(self, draws: Draws) -> float:
        if draws.evaluating:
            return self.evaluation_share
        final = self.share if self.final_share is None else self.final_share
        return self.share + (final - self.share) * draws.progress

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the masked tokens and their number; the head works on no other token."""
        return token_loss(model, batch, z_loss=0.0 if draws.evaluating else self.z_loss)

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """(M, V) log-probabilities at the predicted tokens."""
        return token_distribution(model, batch)
