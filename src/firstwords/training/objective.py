"""The contract of a training kind: everything in which causal, masked, token and sequence training differ.

The loop in `train.py` is the same for all of them. An objective is a component, so its fields are its configuration;
it is imported without torch, which its methods load when they run.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from firstwords.errors import RecipeError
from firstwords.recipe import Component, kind_of
from firstwords.training.batch import Draws, Example

if TYPE_CHECKING:
    from torch import Tensor, nn

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig, Reason
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Objective(Component):
    """Turns examples into batches and batches into a loss, predictions and scores."""

    record: ClassVar[type | None] = None
    """The class of labelled records that `encode` takes; None for objectives on packed token rows."""
    has_labels: ClassVar[bool] = True
    """Whether fine-tuning puts a head for labels on the base; otherwise the base stays a language model."""
    rate_share: ClassVar[float] = 1.0
    """Of the rate that fine-tuning derives, where the recipe says none."""
    full_updates: ClassVar[int | None] = None
    """The updates that this share was found with; in a run of fewer the rate is higher (`fine_tuning.Pace`)."""
    batch_examples: ClassVar[int | None] = None
    """Of one update, where the recipe says nothing; None is the usual."""
    own_updates: ClassVar[int | None] = None
    """That fine-tuning a base of ours takes, where the recipe says nothing; None is the usual (`fine_tuning`)."""
    own_passes: ClassVar[int | None] = None
    """Over the training part for that, at most."""
    max_epochs: ClassVar[float] = 4.0
    """How often pre-training reads a corpus at most, unless told otherwise. Four times is nearly as good as new text
    (Muennighoff et al. 2023); a small causal model grew worse from there (docs/log/2026-11-26-repetition.md)."""

    layouts: ClassVar[tuple[str, ...]] = ("qwen3", "llama")
    """Layouts of the models that it pre-trains, the default first (`model.config`)."""
    is_hybrid: ClassVar[bool] = False
    """Whether its models read causally and in both directions."""

    is_uniform: ClassVar[bool] = False
    """Whether its loss is the same operations for all batches of one size, whatever the draws: then a GPU can record
    them (`training.cuda_graphs`)."""

    keeps_head: ClassVar[bool] = False
    """Whether fine-tuning goes on with the base's own head instead of a new one: objectives of language models."""

    @property
    def predicted_share(self) -> float:
        """Share of the tokens at which the head is applied, for estimates of the cost."""
        return 1.0

    @property
    def needs_words(self) -> bool:
        """Whether examples must say where words begin (`Example.word_starts`)."""
        return False

    def measured(self) -> Mapping[str, "Objective"]:
        """The objectives whose loss is measured on held-out text, by what is put before the figures' names."""
        return {"": self}

    def encode(self, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int = 0) -> Example:
        """A labelled record as token ids. Pre-training rows come encoded and packed and never pass through here.

        Args:
            record: Of the class `record`.
            tokenizer: Of the base model.
            labels: Names of the classes or tags; a label's number is its place here.
            context: The most tokens of a document; a longer text becomes several (`Example.bounds`).
            row: Number of the record in its part.

        Raises:
            ValueError: If the record cannot be an example; the message says why.
        """
        raise NotImplementedError(f"{type(self).__name__} trains on packed token rows, not on labelled records")

    def relate(self, rows: Sequence[Example]) -> Sequence[Example]:
        """The encoded records of a part with what each must know of the others; as they are by default.

        Args:
            rows: Of one part, as `encode` gave them.

        Raises:
            RecipeError: If they do not suffice.
        """
        return rows

    def settle(
        self, rows: Sequence[Example], labels: Sequence[str], config: "ModelConfig"
    ) -> tuple["Objective", list["Reason"]]:
        """The objective with everything that was left open derived from the training part, and why it is so.

        Args:
            rows: The encoded training part.
            labels: As in `encode`.
            config: Of the base model.
        """
        return self, []

    def refer(self, model: Any, rows: Sequence[Example]) -> list[Example]:
        """Rows with what the model says of them before any training, for losses that compare with it."""
        return list(rows)

    def conclude(self, model: Any, rows: Sequence[Example]) -> list[tuple[str, str, str]]:
        """Choices made on the validation part when training is over, kept in the model's head.

        Args:
            model: The trained one.
            rows: The encoded validation part; may be empty.

        Returns:
            What was chosen: name, value as shown, where it comes from.
        """
        return []

    def check(self, config: "ModelConfig") -> None:
        """Refuse a model that this objective cannot pre-train, before anything is computed.

        Raises:
            RecipeError: Naming what is missing.
        """
        return

    def arrange(self, model: Any, seed: int) -> None:
        """Change the weights that a fine-tuning starts from, where the objective does not go on from the base's.

        Args:
            model: The base with its own head, on the processor; changed in place.
            seed: Of the run.

        Raises:
            RecipeError: If the base has not the sizes that this needs.
        """
        return

    def check_start(self, model: Any, rows: Sequence[Example]) -> None:
        """Refuse what this objective could learn nothing from, before the first step of a fine-tuning.

        Args:
            model: The one to be trained, on the processor.
            rows: The encoded training part.

        Raises:
            RecipeError: Naming what is missing.
        """
        return

    @abstractmethod
    def collate(self, examples: Sequence[Example], draws: Draws, config: "ModelConfig") -> "Batch":
        """Examples one after another without padding, with their labels.

        Args:
            examples: In any number; `draws` has their keys in the same order.
            draws: The only source of randomness.
            config: For the ids of special tokens and the size of the vocabulary.
        """

    @abstractmethod
    def head(self, config: "ModelConfig", labels: Sequence[str] | None) -> "nn.Module":
        """A new head for the backbone.

        Args:
            config: Of the backbone.
            labels: Names of the classes; None for language models.
        """

    @abstractmethod
    def loss(self, model: Any, batch: "Batch", draws: Draws) -> tuple["Tensor", "Tensor"]:
        """The summed loss in nats and the number of things it is a sum over (predicted tokens, or examples).

        The loop divides once, over all micro-batches and ranks, so an objective never averages. It may call the model
        more than once, and must not call `backward`. Where `draws.evaluating`, the sum is the bare cross-entropy,
        without regularisation.
        """

    def distribution(self, model: Any, batch: "Batch") -> "Tensor":
        """(M, K) log-probabilities of the outcomes of everything that is predicted, a row for each; with gradients.

        What compares two answers of a model reads this: VAT, SMART, R-Drop (`training.adversaries`).

        Raises:
            RecipeError: If the objective predicts nothing of that form.
        """
        raise RecipeError(
            f"objective '{kind_of(type(self))}' has no distribution over outcomes that two answers could be compared by"
        )

    def decode(self, model: Any, batch: "Batch") -> list[Any] | None:
        """One prediction an example, in the form of `Example.labels`; None where there is nothing to decode."""
        return None

    def metrics(self, gold: list[Any], predicted: list[Any]) -> dict[str, float]:
        """Scores of `decode`'s predictions against `Example.labels`; higher is better."""
        return {}
