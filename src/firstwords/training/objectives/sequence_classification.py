"""A label for a whole text or a pair of texts, or any number of labels."""

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


# The least share of a text that is shown while training, for bases of our own, and the fewest of its tokens: of a
# sentence every word may count (docs/log/2026-11-26-heads.md).
OWN_STRETCH, STRETCH_TOKENS = 0.4, 64
# Tokens that go through the model at once when the threshold is chosen.
MICRO_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class PairExample(Example):
    """Two texts with one label.

    Attributes:
        token_types: (T,) int64, 0 in the first text and 1 in the second.
    """

    token_types: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class SequenceClassification(Objective):
    """One of several labels for a text; or any number of them, where the data says so.

    With any number, each label is decided by itself (sigmoid), by a threshold that is chosen on the validation part and
    kept with the model. Of two texts the first stands before the second, with the separator between them.

    A text that is longer than the context is cut into documents of equal length. In each epoch the model learns from
    a stretch of one of them, drawn anew, so that a long text costs no more than a short one; to predict, the scores of
    all are averaged.

    Attributes:
        hidden_share: Of the sub-words that are replaced by the mask token while training. Left out: 0.1, or nothing
            where the base has no mask token.
        shortest_stretch: While training, of every text a stretch of this share or more is shown, drawn anew in each
            epoch: so few texts become many, and none can be known by its beginning. Left out: 0.4 and at least 64
            tokens, or all of a text where the base comes from elsewhere and knows its language.
        balance: Texts of a label count by its frequency to the minus this power: 0 = all alike, 1 = all labels alike.
        several_labels: Whether a text may have any number of labels; as the data says if left out.
        label_weights: What `balance` comes to, in the order of the labels; found from the training part if left out.
        label_smoothing: Share of the target that is spread evenly over all labels while training.
    """

    version: ClassVar[int] = 3
    own_updates: ClassVar[int | None] = 1000
    own_passes: ClassVar[int | None] = 12
    record: ClassVar[type | None] = TextRecord

    hidden_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    shortest_stretch: Annotated[float, Field(gt=0, le=1)] | None = None
    balance: Annotated[float, Field(ge=0, le=1)] = 0.5
    label_weights: tuple[float, ...] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    several_labels: bool | None = None

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """The label is the number of the text's class, or (K,) booleans where a text may have several."""
        from firstwords.tokenizer.texts import encode_pair, encode_text

        unknown = sorted({record.label} if record.labels is None else set(record.labels))
        unknown = [label for label in unknown if label not in labels]
        if unknown:
            raise ValueError(f"{record.id}: '{unknown[0]}' is not among the labels {list(labels)}")
        target: Any = np.array([label in (record.labels or ()) for label in labels])
        if record.labels is None:
            target = list(labels).index(record.label)
        if record.pair is not None:
            pair = encode_pair(tokenizer, record.text, record.pair, context)
            return PairExample(pair.input_ids, target, pair.bounds, row, token_types=pair.token_types)
        encoded = encode_text(tokenizer, record.text, context)
        before, after = map(len, tokenizer.frame)
        return Example(encoded.input_ids, target, encoded.bounds, row, frame=(before, after))

    def settle(
        self, rows: Sequence[Example], labels: Sequence[str], config: "ModelConfig"
    ) -> "tuple[SequenceClassification, list[Reason]]":
        """The weight of each label, by how frequent it is.

        Raises:
            RecipeError: If weights were given, but not one a label.
        """
        from firstwords.model.config import Reason
        from firstwords.training.several_labels import label_weights

        if self.shortest_stretch is None and config.is_adopted:
            return replace(self, shortest_stretch=1.0).settle(rows, labels, config)
        several = not isinstance(rows[0].labels, int)
        if self.several_labels not in (None, several):
            raise RecipeError(f"several_labels is {self.several_labels}, but the data says otherwise")
        if self.label_weights is not None:
            if len(self.label_weights) != len(labels):
                raise RecipeError(f"label_weights: {len(self.label_weights)} weights for {len(labels)} labels")
            return (replace(self, several_labels=True) if several else self), []
        if several:
            heavier = label_weights(np.stack([np.asarray(row.labels) for row in rows]), self.balance)
            told = f"texts without a label for each with it, to the power {self.balance}: up to {max(heavier):.2f}"
            settled = replace(self, label_weights=heavier, several_labels=True)
            return settled, [Reason("balance", self.balance, told)]
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
        batch = join(examples, ids, labels)
        if not any(isinstance(example, PairExample) for example in examples):
            return batch
        import torch

        types = [getattr(each, "token_types", None) for each in examples]
        whole = [np.zeros(len(e), np.int64) if t is None else t for t, e in zip(types, examples, strict=True)]
        return replace(batch, token_types=torch.from_numpy(np.concatenate(whole)))

    def _stretch(self, example: Example, draws: Draws, index: int) -> Example:
        """A part of one of the example's documents."""
        generator = draws.generator(index, "stretch")
        bounds = example.document_bounds
        document = int(generator.integers(len(bounds) - 1))
        begin, stop = int(bounds[document]), int(bounds[document + 1])
        if isinstance(example, PairExample):
            # A stretch could lose the first text or the separator: a pair is seen whole.
            assert example.token_types is not None
            ids, types = example.input_ids[begin:stop], example.token_types[begin:stop]
            return replace(example, input_ids=ids, token_types=types, bounds=None)
        start, end = begin + example.frame[0], stop - example.frame[1]
        shortest, fewest = (
            (OWN_STRETCH, STRETCH_TOKENS) if self.shortest_stretch is None else (self.shortest_stretch, 1)
        )
        share = shortest + (1 - shortest) * generator.random()
        length = max(fewest, round(share * (end - start)))
        start += int(generator.integers(max(0, end - start - length) + 1))
        parts = [(begin, begin + example.frame[0]), (start, min(end, start + length)), (end, stop)]
        return replace(example, input_ids=np.concatenate([example.input_ids[a:b] for a, b in parts]), bounds=None)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """One score a label for every document."""
        from firstwords.model.heads import SequenceHead

        assert labels is not None
        return SequenceHead(config, tuple(labels))

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of all texts and their number; while training, of their weights."""
        from torch.nn.functional import cross_entropy

        from firstwords.training.several_labels import several_labels_loss

        assert batch.labels is not None
        scores = _scores(model, batch)
        if self.several_labels:
            weights = None if draws.evaluating else self.label_weights
            return several_labels_loss(scores, batch.labels, weights), batch.labels.new_tensor(len(batch.labels))
        if draws.evaluating:
            return cross_entropy(scores, batch.labels, reduction="sum"), batch.labels.new_tensor(len(batch.labels))
        losses = cross_entropy(scores, batch.labels, reduction="none", label_smoothing=self.label_smoothing)
        counted = losses.new_ones(len(losses))
        if self.label_weights is not None:
            counted = losses.new_tensor(self.label_weights)[batch.labels]
        return (losses * counted).sum(), counted.sum()

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """(E, K) log-probabilities of the labels of every text; (E K, 2), of yes and no, where it may have several."""
        import torch
        from torch.nn.functional import logsigmoid

        scores = _scores(model, batch)
        if self.several_labels:
            return torch.stack([logsigmoid(scores), logsigmoid(-scores)], -1).flatten(0, 1)
        return scores.log_softmax(1)

    def decode(self, model: Any, batch: "Batch") -> list[Any]:
        """The number of the best label of every text, or (K,) which labels are more probable than the threshold."""
        import torch

        with torch.no_grad():
            scores = _scores(model, batch)
        if self.several_labels:
            threshold = 0.5 if model.head.threshold is None else model.head.threshold
            return list((scores.sigmoid() >= threshold).cpu().numpy())
        return scores.argmax(dim=1).tolist()

    def conclude(self, model: Any, rows: Sequence[Example]) -> list[tuple[str, str, str]]:
        """The threshold of the labels, chosen on the validation part."""
        if not self.several_labels:
            return []
        import torch

        from firstwords.training.loader import validation_batches
        from firstwords.training.several_labels import best_threshold

        if not rows:
            model.head.threshold = 0.5
            return [("threshold", "0.5", "there is no validation part to choose it on")]
        model.eval()
        found, gold = [], []
        for micro in validation_batches(rows, 0, MICRO_TOKENS):
            batch = self.collate(micro.examples, micro.draws, model.config).to(next(model.parameters()).device)
            with torch.no_grad():
                found.append(_scores(model, batch).sigmoid().cpu().numpy())
            gold += [np.asarray(example.labels) for example in micro.examples]
        model.head.threshold = best_threshold(np.concatenate(found), np.stack(gold))
        return [("threshold", f"{model.head.threshold}", "highest micro-F1 on the validation part; one for all labels")]

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """Share of right labels, and the mean F1 of the labels."""
        from firstwords.metrics.classification import accuracy, macro_f1
        from firstwords.training.several_labels import several_labels_scores

        if self.several_labels:
            return several_labels_scores(gold, predicted)

        truth, found = [str(g) for g in gold], [str(p) for p in predicted]
        return {"accuracy": accuracy(truth, found), "macro_f1": macro_f1(truth, found)}


def _scores(model: Any, batch: "Batch") -> "Tensor":
    """(E, K) scores of the labels of every text, the mean over its documents."""
    from firstwords.model.operations import at_least_float32
    from firstwords.model.pooling import mean_of_documents

    return mean_of_documents(at_least_float32(model(batch)), batch.examples)
