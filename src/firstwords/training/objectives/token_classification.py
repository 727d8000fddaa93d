"""A tag for every word: named entities and other spans."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import WordsRecord, tag_names
from firstwords.training.batch import IGNORED, Draws, Example
from firstwords.training.labelled import hidden_tokens, join
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class TokenClassification(Objective):
    """Tags for words; the first sub-word of a word carries its tag.

    A sentence that is longer than the context is cut into overlapping windows, and each word is tagged where it has
    most words around it; none is left out. Decoding gives the best sequence in which no entity begins in its middle.

    Attributes:
        hidden_share: Of the sub-words that are replaced by the mask token while training. Left out: 0.1, or nothing
            where the base has no mask token.
        label_smoothing: Share of the target that is spread evenly over all tags while training.
    """

    record: ClassVar[type | None] = WordsRecord

    hidden_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """Labels are (T,): a tag's number at the first sub-word of every word, -100 elsewhere."""
        from firstwords.tokenizer.words import encode_sentence

        numbers = {tag: number for number, tag in enumerate(labels)}
        unknown = sorted(set(record.tags) - set(numbers))
        if unknown:
            raise ValueError(f"{record.id}: tags {unknown} are not among the labels {list(labels)}")
        encoded = encode_sentence(tokenizer, record.words, context)
        targets = np.full(len(encoded.input_ids), IGNORED, dtype=np.int64)
        targets[encoded.places] = [numbers[tag] for tag in record.tags]
        return Example(encoded.input_ids, targets, encoded.bounds, row)

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Sentences one after another, a tag number at every word."""
        labels = np.concatenate([np.asarray(example.labels) for example in examples])
        return join(examples, hidden_tokens(examples, draws, config, self.hidden_share), labels)

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """One score a tag for every token."""
        from firstwords.model.heads import TokenHead

        assert labels is not None
        return TokenHead(config, tuple(labels))

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the tags of all words and their number."""
        from torch.nn.functional import cross_entropy

        from firstwords.model.operations import at_least_float32

        assert batch.labels is not None
        select = (batch.labels != IGNORED).nonzero().squeeze(1)
        targets = batch.labels[select]
        scores = model(batch, select=select)  # (M, K)
        smoothing = 0.0 if draws.evaluating else self.label_smoothing
        total = cross_entropy(at_least_float32(scores), targets, reduction="sum", label_smoothing=smoothing)
        return total, batch.labels.new_tensor(len(targets))

    def decode(self, model: Any, batch: "Batch") -> list[np.ndarray]:
        """(T,) tag numbers for every sentence, -100 where `Example.labels` has none."""
        from firstwords.inference.labelling import best_tags
        from firstwords.model.tag_decoding import allowed_transitions

        assert batch.labels is not None and batch.examples is not None
        places = np.flatnonzero(batch.labels.cpu().numpy() != IGNORED)
        ends = batch.bounds[batch.examples].cpu().numpy()  # (E + 1,) the token where each sentence begins, and the end
        of_sentence = np.split(places, np.searchsorted(places, ends[1:-1]))
        predicted = []
        numbers = best_tags(model, batch, of_sentence, allowed_transitions(model.head.names))
        for start, end, inside, tags in zip(ends[:-1], ends[1:], of_sentence, numbers, strict=True):
            whole = np.full(end - start, IGNORED, dtype=np.int64)
            whole[inside - start] = tags
            predicted.append(whole)
        return predicted

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """Micro-averaged F1 of whole entities, and the share of words with the right tag."""
        from firstwords.metrics.entities import entity_f1

        kept = [np.asarray(each) != IGNORED for each in gold]
        pairs = [(g[k], p[k]) for g, p, k in zip(gold, predicted, kept, strict=True)]
        names = _numbered_tags(2 + max((int(max(g.max(), p.max())) for g, p in pairs), default=0))
        truth, found = ([[names[n] for n in pair[side]] for pair in pairs] for side in (0, 1))
        num_words = sum(len(g) for g, _ in pairs)
        return {
            "entity_f1": entity_f1(truth, found),
            "word_accuracy": sum(int((g == p).sum()) for g, p in pairs) / max(1, num_words),
        }


def _numbered_tags(at_least: int) -> list[str]:
    """Tags with numbers for types: by the order of `tag_names` a number says which part of which entity it is."""
    return tag_names(f"{type_number:04d}" for type_number in range(at_least // 2))
