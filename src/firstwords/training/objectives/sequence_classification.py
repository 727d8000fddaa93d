"""A label for a whole text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import TextRecord
from firstwords.errors import RecipeError
from firstwords.training.batch import Draws, Example
from firstwords.training.labelled import hide, join
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig, Reason
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class SequenceClassification(Objective):
    """One of several labels for a text.

    A text that is longer than the context is cut into documents of equal length. In each epoch the model learns from
    a stretch of one of them, drawn anew, so that a long text costs no more than a short one; to predict, the scores of
    all are averaged.

    Attributes:
        hidden_share: Of the sub-words that are replaced by the mask token while training. Left out: 0.1, or nothing
            where the base has no mask token.
        shortest_stretch: While training, of every text a stretch of this share or more is shown, drawn anew in each
            epoch: so few texts become many, and none can be known by its beginning.
        balance: Texts of a label count by its frequency to the minus this power: 0 = all alike, 1 = all labels alike.
        label_weights: What `balance` comes to, in the order of the labels; found from the training part if left out.
        label_smoothing: Share of the target that is spread evenly over all labels while training.
    """

    record: ClassVar[type | None] = TextRecord

    hidden_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    shortest_stretch: Annotated[float, Field(gt=0, le=1)] = 0.4
    balance: Annotated[float, Field(ge=0, le=1)] = 0.5
    label_weights: tuple[float, ...] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """The label is the number of the text's class."""
        from firstwords.tokenizer.texts import encode_text

        if record.label not in labels:
            raise ValueError(f"{record.id}: '{record.label}' is not among the labels {list(labels)}")
        encoded = encode_text(tokenizer, record.text, context)
        return Example(encoded.input_ids, list(labels).index(record.label), encoded.bounds, row)

    def settle(
        self, rows: Sequence[Example], labels: Sequence[str], config: "ModelConfig"
    ) -> "tuple[SequenceClassification, list[Reason]]":
        """The weight of each label, by how frequent it is.

        Raises:
            RecipeError: If weights were given, but not one a label.
        """
        from firstwords.model.config import Reason

        if self.label_weights is not None:
            if len(self.label_weights) != len(labels):
                raise RecipeError(f"label_weights: {len(self.label_weights)} weights for {len(labels)} labels")
            return self, []
        counts = np.bincount([int(row.labels) for row in rows], minlength=len(labels))  # type: ignore[arg-type]
        weights = np.maximum(counts, 1.0) ** -self.balance
        weights *= counts.sum() / (weights * counts).sum()  # 1 on average over the texts
        settled = replace(self, label_weights=tuple(round(float(weight), 4) for weight in weights))
        least, most = int(counts.argmin()), int(counts.argmax())
        reason = (
            f"frequency to the power -{self.balance}: "
            f"{weights[least]:.2f} for {labels[least]} ({counts[least]}) to {weights[most]:.2f} for {labels[most]}"
        )
        return settled, [Reason("balance", self.balance, reason)]

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Texts one after another, or while training a stretch of one document of each."""
        if not draws.evaluating:
            examples = [self._stretch(example, draws, index) for index, example in enumerate(examples)]
        labels = np.array([example.labels for example in examples])
        ids = hide([example.input_ids for example in examples], draws, config, self.hidden_share)
        return join(examples, ids, labels)

    def _stretch(self, example: Example, draws: Draws, index: int) -> Example:
        """A part of one of the example's documents."""
        generator = draws.generator(index, "stretch")
        bounds = example.document_bounds
        document = int(generator.integers(len(bounds) - 1))
        start, end = int(bounds[document]), int(bounds[document + 1])
        share = self.shortest_stretch + (1 - self.shortest_stretch) * generator.random()
        length = max(1, round(share * (end - start)))
        start += int(generator.integers(end - start - length + 1))
        return replace(example, input_ids=example.input_ids[start : start + length], bounds=None)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """One score a label for every document."""
        from firstwords.model.heads import SequenceHead

        assert labels is not None
        return SequenceHead(config, tuple(labels))

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of all texts and their number; while training, of their weights."""
        from torch.nn.functional import cross_entropy

        from firstwords.model.operations import at_least_float32
        from firstwords.model.pooling import mean_of_documents

        assert batch.labels is not None
        scores = mean_of_documents(at_least_float32(model(batch)), batch.examples)  # (E, K)
        if draws.evaluating:
            return cross_entropy(scores, batch.labels, reduction="sum"), batch.labels.new_tensor(len(batch.labels))
        losses = cross_entropy(scores, batch.labels, reduction="none", label_smoothing=self.label_smoothing)
        weights = losses.new_ones(len(losses))
        if self.label_weights is not None:
            weights = losses.new_tensor(self.label_weights)[batch.labels]
        return (losses * weights).sum(), weights.sum()

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """(E, K) log-probabilities of the labels of every text."""
        from firstwords.model.operations import at_least_float32
        from firstwords.model.pooling import mean_of_documents

        return mean_of_documents(at_least_float32(model(batch)), batch.examples).log_softmax(1)

    def decode(self, model: Any, batch: "Batch") -> list[int]:
        """The number of the best label of every text."""
        import torch

        from firstwords.model.operations import at_least_float32
        from firstwords.model.pooling import mean_of_documents

        with torch.no_grad():
            return mean_of_documents(at_least_float32(model(batch)), batch.examples).argmax(dim=1).tolist()

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """Share of right labels, and the mean F1 of the labels."""
        from firstwords.metrics.classification import accuracy, macro_f1

        truth, found = [str(g) for g in gold], [str(p) for p in predicted]
        return {"accuracy": accuracy(truth, found), "macro_f1": macro_f1(truth, found)}
