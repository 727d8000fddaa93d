"""A tag for every word: named entities and other spans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import WordsRecord, tag_names
from firstwords.training.batch import IGNORED, Draws, Example, keyed_generator
from firstwords.training.labelled import hide, join
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig, Reason
    from firstwords.tokenizer.tokenizer import Tokenizer


NUM_RESPELLINGS = 8
RESPELLED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class TaggedExample(Example):
    """An example that knows the sub-words of its entities and what else could stand there.

    Attributes:
        entity_places: (P,) int64: where in `input_ids` the sub-words of entities are.
        respellings: (P, 8) int32: for each of them, sub-words that are spelt alike.
    """

    entity_places: np.ndarray | None = None
    respellings: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class TokenClassification(Objective):
    """Tags for words; the first sub-word of a word carries its tag.

    A sentence that is longer than the context is cut into overlapping windows, and each word is tagged where it has
    most words around it; none is left out. Decoding gives the best sequence in which no entity begins in its middle.
    With `crf` the scores of tags behind tags are learnt too (a conditional random field over the words of a sentence).

    New entities matter more than those of the training part, which a model soon knows by heart. So while training some
    sub-words of entities are exchanged for others of the same spelling (case, space in front): what is left to learn
    from is how a name looks and where it stands.

    Attributes:
        hidden_share: Of the sub-words that are replaced by the mask token while training. Left out: 0.1, or nothing
            where the base has no mask token or is another's.
        respelled_share: Of the sub-words of entities that are exchanged for others of the same spelling while training.
            Left out: a half, or nothing where the base is another's, which was raised on so much text that it knows
            more of a name than its spelling (docs/log/2026-11-26-encoders.md).
        entity_weight: How much more the loss of a word in an entity counts than that of any other. Left out: the cube
            root of how many other words there are for each.
        label_smoothing: Share of the target that is spread evenly over all tags while training.
        crf: Learn scores of tags behind tags. They are stored beside the weights, in a file that only this package
            reads; `entity_weight` and `label_smoothing`, which are of single words, do not apply.
    """

    version: ClassVar[int] = 2
    record: ClassVar[type | None] = WordsRecord

    hidden_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    respelled_share: Annotated[float, Field(ge=0, le=1)] | None = None
    entity_weight: Annotated[float, Field(gt=0)] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    crf: bool = False

    def __post_init__(self) -> None:
        if self.crf and (self.entity_weight is not None or self.label_smoothing):
            raise ValueError("crf: entity_weight and label_smoothing are of single words and do not apply")

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """Labels are (T,): a tag's number at the first sub-word of every word, -100 elsewhere."""
        from firstwords.tokenizer.spelling import spelling_classes
        from firstwords.tokenizer.words import encode_sentence

        numbers = {tag: number for number, tag in enumerate(labels)}
        unknown = sorted(set(record.tags) - set(numbers))
        if unknown:
            raise ValueError(f"{record.id}: tags {unknown} are not among the labels {list(labels)}")
        encoded = encode_sentence(tokenizer, record.words, context)
        targets = np.full(len(encoded.input_ids), IGNORED, dtype=np.int64)
        targets[encoded.places] = [numbers[tag] for tag in record.tags]
        places = _entity_places(targets)
        # Drawn here, where the vocabulary is known; which of them are used in an epoch is drawn in `collate`.
        chances = keyed_generator(0, 0, row, "respellings").random((len(places), NUM_RESPELLINGS))
        respellings = spelling_classes(tokenizer).draw(encoded.input_ids[places], chances)
        return TaggedExample(
            encoded.input_ids, targets, encoded.bounds, row, entity_places=places, respellings=respellings
        )

    def settle(
        self, rows: Sequence[Example], labels: Sequence[str], config: "ModelConfig"
    ) -> "tuple[TokenClassification, list[Reason]]":
        """How much is disturbed, by where the base is from; the weight of entities, by how rare they are."""
        from firstwords.model.config import Reason

        settled, reasons = self, list[Reason]()
        if self.respelled_share is None:
            share = 0.0 if config.is_adopted else RESPELLED_SHARE
            told = "a well-read base knows the names" if config.is_adopted else "a small base learns them by heart"
            settled, reasons = replace(settled, respelled_share=share), [Reason("respelled_share", share, told)]
        if self.hidden_share is None and config.is_adopted:
            settled = replace(settled, hidden_share=0.0)
        found, more = settled._weighted(rows)
        return found, [*reasons, *more]

    def _weighted(self, rows: Sequence[Example]) -> "tuple[TokenClassification, list[Reason]]":
        from firstwords.model.config import Reason

        if self.crf:
            return self, []
        if self.entity_weight is not None:
            return self, [Reason("entity_weight", self.entity_weight, "set by hand")]
        tags = np.concatenate([np.asarray(row.labels) for row in rows])
        num_inside, num_words = int((tags > 0).sum()), int((tags != IGNORED).sum())
        ratio = (num_words - num_inside) / max(1, num_inside)
        weight = round(max(1.0, ratio ** (1 / 3)), 2)
        reason = f"cube root of {ratio:.1f}, the words outside for each one in an entity: else few are dared"
        return replace(self, entity_weight=weight), [Reason("entity_weight", weight, reason)]

    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Sentences one after another, a tag number at every word."""
        labels = np.concatenate([np.asarray(example.labels) for example in examples])
        ids = [self._respelled(example, draws, index) for index, example in enumerate(examples)]
        return join(examples, hide(ids, draws, config, self.hidden_share), labels)

    def _respelled(self, example: Example, draws: Draws, index: int) -> np.ndarray:
        """The token ids with some sub-words of entities exchanged."""
        if draws.evaluating or not isinstance(example, TaggedExample) or not self.respelled_share:
            return example.input_ids
        assert example.entity_places is not None and example.respellings is not None
        generator = draws.generator(index, "respell")
        num_places = len(example.entity_places)
        assert self.respelled_share is not None, "settled before training"
        chosen = np.flatnonzero(generator.random(num_places) < self.respelled_share)
        which = generator.integers(NUM_RESPELLINGS, size=num_places)
        ids = example.input_ids.copy()
        ids[example.entity_places[chosen]] = example.respellings[chosen, which[chosen]]
        return ids

    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """One score a tag for every token."""
        from firstwords.model.heads import TokenHead

        assert labels is not None
        return TokenHead(config, tuple(labels), self.crf)

    def loss(self, model: Any, batch: "Batch", draws: Draws) -> "tuple[Tensor, Tensor]":
        """Summed cross-entropy of the tags of all words and their number; while training, of their weights."""
        from torch.nn.functional import cross_entropy

        assert batch.labels is not None
        scores, select = _scores(model, batch)
        targets = batch.labels[select]
        if self.crf:
            ends = _word_bounds(batch, select)
            return model.head.crf.loss(scores, targets, ends), batch.labels.new_tensor(len(targets))
        if draws.evaluating:
            return cross_entropy(scores, targets, reduction="sum"), batch.labels.new_tensor(len(targets))
        losses = cross_entropy(scores, targets, reduction="none", label_smoothing=self.label_smoothing)
        weights = losses.new_ones(len(targets))
        weights[targets > 0] = self.entity_weight or 1.0
        return (losses * weights).sum(), weights.sum()

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """(M, K) log-probabilities of the tags of every word."""
        return _scores(model, batch)[0].log_softmax(1)

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


def _scores(model: Any, batch: "Batch") -> "tuple[Tensor, Tensor]":
    """(M, K) scores of the tags of every word, and (M,) the tokens that carry them."""
    from firstwords.model.operations import at_least_float32

    assert batch.labels is not None
    select = batch.labelled_tokens
    return at_least_float32(model(batch, select=select)), select


def _word_bounds(batch: "Batch", places: "Tensor") -> "Tensor":
    """(E + 1,) where the words of each sentence begin among all words, and the end.

    Args:
        batch: Of sentences.
        places: (M,) the tokens that carry a tag, ascending.
    """
    import torch

    starts = batch.bounds if batch.examples is None else batch.bounds[batch.examples]
    return torch.searchsorted(places, starts)


def _entity_places(tags: np.ndarray) -> np.ndarray:
    """The sub-words of words in entities: from a first sub-word with a tag above 0 up to the next first sub-word."""
    firsts = np.flatnonzero(tags != IGNORED)
    owner = np.searchsorted(firsts, np.arange(len(tags)), side="right") - 1
    inside = (owner >= 0) & (tags[firsts[owner]] > 0)
    return np.flatnonzero(inside)


def _numbered_tags(at_least: int) -> list[str]:
    """Tags with numbers for types: by the order of `tag_names` a number says which part of which entity it is."""
    return tag_names(f"{type_number:04d}" for type_number in range(at_least // 2))
