"""Predict masked tokens from both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from firstwords.training.batch import IGNORED, Draws, Example, flat_batch
from firstwords.training.objective import Objective
from firstwords.training.objectives.causal_lm import token_loss

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
        evaluation_share: The same when the loss is measured; 15 % is what published figures use.
        random_share: Of these tokens, that are replaced by a random one instead of the mask (BERT's rule).
        kept_share: Of these tokens, that stay as they are.
        z_loss: Weight of the squared log-partition, which keeps logits from drifting.
    """

    # Other tokens are hidden every time: still better after eight readings (docs/log/2026-11-26-repetition.md).
    max_epochs: ClassVar[float] = 8.0

    share: float = 0.3
    evaluation_share: float = 0.15
    random_share: float = 0.1
    kept_share: float = 0.1
    z_loss: float = 1e-4

    def __post_init__(self) -> None:
        for name in ("share", "evaluation_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0 and at most 1")
        if min(self.random_share, self.kept_share) < 0 or self.random_share + self.kept_share > 1:
            raise ValueError("random_share and kept_share must not be negative, nor more than 1 together")

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Tokens with some of them masked; labels are the original tokens at those places."""
        masked, labels = zip(
            *(self._mask(example.input_ids, draws, index, config) for index, example in enumerate(examples)),
            strict=True,
        )
        return flat_batch(examples, input_ids=np.concatenate(masked), labels=np.concatenate(labels))

    def _mask(
        self, tokens: np.ndarray, draws: Draws, index: int, config: "ModelConfig"
    ) -> tuple[np.ndarray, np.ndarray]:
        assert config.mask_id is not None, "a model without a mask token cannot learn to predict masked tokens"
        special = np.array([config.pad_id, config.bos_id, config.eos_id, config.mask_id])
        generator = draws.generator(index, "mask")
        candidates = np.flatnonzero(~np.isin(tokens, special))
        share = self.evaluation_share if draws.evaluating else self.share
        # An exact share, at least one token where there is any: a smaller spread than a coin for every token.
        num_chosen = min(len(candidates), max(1, round(share * len(candidates))))
        chosen = generator.permutation(candidates)[:num_chosen]
        labels = np.full(len(tokens), IGNORED, dtype=np.int64)
        labels[chosen] = tokens[chosen]
        fate = generator.random(num_chosen)
        random_tokens = generator.integers(0, config.vocab_size, num_chosen)
        random_tokens = np.where(np.isin(random_tokens, special), config.mask_id, random_tokens)
        replaced = np.where(fate < self.random_share, random_tokens, config.mask_id)
        kept = fate >= 1 - self.kept_share
        masked = tokens.astype(np.int64)
        masked[chosen] = np.where(kept, tokens[chosen], replaced)
        return masked, labels

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the masked tokens and their number; the head works on no other token."""
        return token_loss(model, batch, z_loss=0.0 if draws.evaluating else self.z_loss)
