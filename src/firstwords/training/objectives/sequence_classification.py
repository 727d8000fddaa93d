"""A label for a whole text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import TextRecord
from firstwords.training.batch import Draws, Example
from firstwords.training.labelled import hide, join
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class SequenceClassification(Objective):
    """One of several labels for a text.

    A text that is longer than the context is cut into documents of equal length. In each epoch the model learns from
    one of them, drawn anew, so that a long text costs no more than a short one; to predict, the scores of all are
    averaged.

    Attributes:
        hidden_share: Of the sub-words that are replaced by the mask token while training. Left out: 0.1, or nothing
            where the base has no mask token.
        label_smoothing: Share of the target that is spread evenly over all labels while training.
    """

    record: ClassVar[type | None] = TextRecord

    hidden_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """The label is the number of the text's class."""
        from firstwords.tokenizer.texts import encode_text

        if record.label not in labels:
            raise ValueError(f"{record.id}: '{record.label}' is not among the labels {list(labels)}")
        encoded = encode_text(tokenizer, record.text, context)
        return Example(encoded.input_ids, list(labels).index(record.label), encoded.bounds, row)

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Texts one after another, or while training one document of each."""
        if not draws.evaluating:
            examples = [_one_document(example, draws, index) for index, example in enumerate(examples)]
        labels = np.array([example.labels for example in examples])
        ids = hide([example.input_ids for example in examples], draws, config, self.hidden_share)
        return join(examples, ids, labels)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """One score a label for every document."""
        from firstwords.model.heads import SequenceHead

        assert labels is not None
        return SequenceHead(config, tuple(labels))

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of all texts and their number."""
        from torch.nn.functional import cross_entropy

        from firstwords.model.operations import at_least_float32
        from firstwords.model.pooling import mean_of_documents

        assert batch.labels is not None
        scores = mean_of_documents(at_least_float32(model(batch)), batch.examples)  # (E, K)
        smoothing = 0.0 if draws.evaluating else self.label_smoothing
        total = cross_entropy(scores, batch.labels, reduction="sum", label_smoothing=smoothing)
        return total, batch.labels.new_tensor(len(batch.labels))

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


def _one_document(example: Example, draws: Draws, index: int) -> Example:
    """The example with only one of its documents."""
    bounds = example.document_bounds
    if len(bounds) == 2:
        return example
    chosen = int(draws.generator(index, "document").integers(len(bounds) - 1))
    return replace(example, input_ids=example.input_ids[bounds[chosen] : bounds[chosen + 1]], bounds=None)
