"""A label for a text, learnt from few examples: pairs of texts first, then a head (SetFit, Tunstall et al. 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import TextRecord
from firstwords.training.batch import Draws, Example
from firstwords.training.labelled import join
from firstwords.training.objective import Objective
from firstwords.training.objectives.sequence_classification import SequenceClassification
from firstwords.training.partners import Partnered, partnered

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig
    from firstwords.tokenizer.tokenizer import Tokenizer

_PLAIN = SequenceClassification(hidden_share=0.0, shortest_stretch=1.0)


@dataclass(frozen=True, kw_only=True)
class Contrastive(Objective):
    """The states of two texts come to point the same way where their labels are equal, else at a right angle.

    Eight texts of each of six labels are 1,128 pairs: the backbone learns from those, for a share of the updates. Then
    it stays as it is, and the head learns on what it gives. (The head learns along before; that moves nothing else.)

    Attributes:
        pairs: Partners of each text an epoch, drawn anew: as many of its own label as of others, in turn.
        contrast_share: Of the updates, in which the backbone learns.
    """

    record: ClassVar[type | None] = TextRecord

    pairs: Annotated[int, Field(ge=1)] = 4
    contrast_share: Annotated[float, Field(gt=0, le=1)] = 0.7

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """As `sequence_classification`; of a text longer than the context, the beginning."""
        example = _PLAIN.encode(record, tokenizer, labels, context, row)
        end = int(example.document_bounds[1])
        return replace(example, input_ids=example.input_ids[:end], bounds=None)

    def relate(self, rows: Sequence[Example]) -> Sequence[Example]:
        """Rows that know their possible partners."""
        return partnered(rows, self.pairs)

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Each text, and while training its partners behind it, as documents of one example."""
        if draws.evaluating:
            found = [Example(each.input_ids, each.labels, None, each.row) for each in examples]
            return join(found, [e.input_ids for e in found], np.array([e.labels for e in found]))
        found = []
        for index, example in enumerate(examples):
            partners: list[Example] = []
            if isinstance(example, Partnered):
                partners = example.draw(draws.generator(index, "partners"), self.pairs)
            ids = [example.input_ids, *(partner.input_ids for partner in partners)]
            labels = np.array([example.labels, *(partner.labels for partner in partners)])
            bounds = np.cumsum([0, *map(len, ids)])
            found.append(Example(np.concatenate(ids), labels, bounds, example.row))
        return join(found, [e.input_ids for e in found], np.concatenate([e.labels for e in found]))  # type: ignore[misc]

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """One score a label for every document."""
        return _PLAIN.head(config, labels)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed squared error of the pairs' cosines, and cross-entropy of the head; the count is that of the texts.

        While evaluating, the cross-entropy alone.
        """
        from torch.nn.functional import cosine_similarity, cross_entropy

        from firstwords.model.operations import at_least_float32

        if draws.evaluating:
            return _PLAIN.loss(model, batch, draws)
        assert batch.labels is not None and batch.examples is not None
        hidden = model.backbone(batch)
        scores = at_least_float32(model.head(hidden.detach(), batch))
        total = cross_entropy(scores, batch.labels, reduction="sum")
        if draws.progress < self.contrast_share:
            points = at_least_float32(_points(hidden, batch, model.config.causal))
            counts = batch.examples[1:] - batch.examples[:-1]
            anchors = batch.examples[:-1].repeat_interleave(counts)
            is_pair = anchors != anchors.new_tensor(range(len(anchors)))
            first, second = anchors[is_pair], is_pair.nonzero().squeeze(1)
            alike = (batch.labels[first] == batch.labels[second]).to(points.dtype)
            cosines = cosine_similarity(points[first], points[second])
            total = total + ((cosines - alike) ** 2).sum()
        return total, batch.labels.new_tensor(len(batch.labels))

    def decode(self, model: Any, batch: "Batch") -> list[int]:
        """The number of the best label of every text."""
        return _PLAIN.decode(model, batch)

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """As `sequence_classification`."""
        return _PLAIN.metrics(gold, predicted)


def _points(hidden: "Tensor", batch: "Batch", causal: bool) -> "Tensor":
    """(D, width) what stands for each document: its last state where each sees what is before it, else the mean."""
    from firstwords.model.heads import document_means

    return hidden.index_select(0, batch.bounds[1:] - 1) if causal else document_means(hidden, batch)
