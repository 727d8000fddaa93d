"""Learn which of two answers people prefer, without a reward model (DPO)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from firstwords.data.conversation import PreferenceRecord, as_messages
from firstwords.training.batch import IGNORED, Draws, Example, flat_batch
from firstwords.training.objective import Objective
from firstwords.training.objectives.instruction import following

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Preference(Objective):
    """Direct preference optimisation (Rafailov et al. 2023).

    Where the model stands before training is the reference; what it says of every answer is computed once. A pair is
    ranked rightly when training raised the preferred answer's likelihood above the reference by more (or lowered it by
    less) than the other's.

    Attributes:
        beta: How much moving away from the reference costs. For `ipo`, 1 / (2 beta) is the margin that is aimed at.
        loss_kind: `sigmoid` is DPO, `ipo` the squared distance to a margin (Azar et al. 2023).
        per_token: Divide an answer's log-likelihood by its number of tokens, so that length counts for nothing; beta
            then wants to be larger (2 or more). `ipo` is usually used so.
        answer_weight: Weight of the preferred answer's own loss per token beside (RPO, Pang et al. 2024): it keeps its
            likelihood from sinking, which a difference alone allows.
    """

    version: ClassVar[int] = 2
    record: ClassVar[type | None] = PreferenceRecord
    has_labels: ClassVar[bool] = False
    # Preferences move a model that can answer already: TRL takes 1e-6 where it takes 2e-5 for answers, in runs as long
    # as Zephyr's (61,000 pairs by 128; Tunstall et al. 2023).
    rate_share: ClassVar[float] = 0.05
    full_updates: ClassVar[int | None] = 500
    # Few pairs make few updates: LLaMA-Factory's example with 300 takes 8 (Rafailov et al. 2023 took 64 of 170,000).
    batch_examples: ClassVar[int | None] = 8

    beta: Annotated[float, Field(gt=0)] = 0.1
    loss_kind: Literal["sigmoid", "ipo"] = "sigmoid"
    per_token: bool = False
    answer_weight: Annotated[float, Field(ge=0)] = 0.0

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """Two documents, the conversation with either answer; labels are the tokens of the last answer alone.

        Where the conversation is too long its oldest exchanges are left out, for both answers alike.

        Raises:
            DoesNotFit: If the last question with an answer is too long.
        """
        from firstwords.tokenizer.conversation import DoesNotFit, encode_conversation, exchanges

        system, groups = exchanges(as_messages(record.messages))
        for start in range(len(groups)):
            messages = [*system, *(message for group in groups[start:] for message in group)]
            pair = []
            for answer in (record.chosen, record.rejected):
                answered = [*messages, {"role": "assistant", "content": answer}]
                try:
                    encoded = encode_conversation(tokenizer, answered)
                except ValueError as error:
                    raise ValueError(f"{record.id}: {error}") from None
                pair.append((encoded.ids[:-1], last_answer(following(encoded.ids, encoded.learnt))))
            if all(len(ids) <= context for ids, _ in pair):
                (first, good), (second, bad) = pair
                bounds = np.array([0, len(first), len(first) + len(second)], dtype=np.int64)
                ids, targets = np.concatenate([first, second]), np.concatenate([good, bad])
                return Example(ids, targets, bounds, row, num_left_out=start)
        raise DoesNotFit(f"{record.id}: the last question with an answer is longer than {context:,} tokens")

    def refer(self, model: Any, rows: Sequence[Example]) -> list[Example]:
        """Rows with the log-likelihood of both answers under the reference, computed without dropout."""
        from firstwords.training.answers import answer_log_likelihoods

        found = answer_log_likelihoods(model, rows, self.collate)
        return [replace(row, reference=reference) for row, reference in zip(rows, found, strict=True)]

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Pairs one after another, the preferred answer of each first, with what the reference says of them."""
        from firstwords.training.answers import with_reference

        labels = np.concatenate([np.asarray(example.labels) for example in examples])
        return with_reference(flat_batch(examples, labels=labels), examples)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """Logits over the vocabulary."""
        from firstwords.model.heads import LanguageModelHead

        return LanguageModelHead(config)

    def loss(self, model: Any, batch: Any, draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed loss of the pairs and their number."""
        from torch.nn.functional import logsigmoid

        from firstwords.training.answers import log_likelihoods

        # Dropout would make the model differ from its own reference at the first step.
        was_training = model.training
        model.eval()
        sums, lengths = log_likelihoods(model, batch)  # (2 E,) each
        model.train(was_training)
        ratios = sums - batch.reference
        if self.per_token:
            ratios = ratios / lengths
        margins = ratios[0::2] - ratios[1::2]  # (E,)
        if self.loss_kind == "sigmoid":
            losses = -logsigmoid(self.beta * margins)
        else:
            losses = (margins - 1 / (2 * self.beta)).square()
        if self.answer_weight and not draws.evaluating:
            losses = losses - self.answer_weight * (sums / lengths)[0::2]
        return losses.sum(), losses.new_tensor(len(losses))

    def decode(self, model: Any, batch: Any) -> list[Any]:
        """(4,) of every pair: log-likelihoods of both answers, and those of the reference."""
        import torch

        from firstwords.training.answers import log_likelihoods

        with torch.no_grad():
            sums, _ = log_likelihoods(model, batch)
        pairs = torch.stack([sums, batch.reference.to(sums.dtype)]).reshape(2, -1, 2).transpose(0, 1)
        return [tuple(pair.flatten().tolist()) for pair in pairs]

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """Share of pairs ranked rightly against the reference; how likely the answers are, in nats each.

        Both may sink while their difference grows: the preferred answer's own likelihood tells.
        """
        chosen, rejected, first, second = np.array(predicted, dtype=np.float64).T
        margins = (chosen - first) - (rejected - second)
        return {
            "preference_accuracy": float(np.mean((margins > 0) + 0.5 * (margins == 0))),
            "chosen_log_probability": float(chosen.mean()),
            "rejected_log_probability": float(rejected.mean()),
            "margin": float(margins.mean()),
        }


def last_answer(labels: np.ndarray) -> np.ndarray:
    """Labels of the last answer alone: those before the last gap are not compared."""
    labelled = np.flatnonzero(labels != IGNORED)
    if not len(labelled):
        return labels
    gaps = np.flatnonzero(labels[: labelled[-1]] == IGNORED)
    return np.where(np.arange(len(labels)) < (gaps[-1] if len(gaps) else 0), IGNORED, labels)
