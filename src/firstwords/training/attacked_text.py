"""Misspelt text: slips drawn anew in each epoch, so that no spelling can be relied on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from firstwords.data.dataset import TextRecord, WordsRecord
from firstwords.data.perturbation import Limits, Perturbation, misspelt, rewritten, word_places
from firstwords.data.perturbations.delete import Delete
from firstwords.data.perturbations.insert import Insert
from firstwords.data.perturbations.keyboard import Keyboard
from firstwords.data.perturbations.swap import Swap
from firstwords.errors import RecipeError
from firstwords.recipe import Kind, kind_of
from firstwords.training.adversary import Adversary
from firstwords.training.batch import Draws, Example
from firstwords.training.objective import Objective

if TYPE_CHECKING:
    import numpy as np

    from firstwords.model.batch import Batch
    from firstwords.model.config import ModelConfig
    from firstwords.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class RecordExample(Example):
    """An example that knows the record it was made from, and how.

    Attributes:
        clean: As the objective encoded it.
        record: Its text or words.
        again: Encodes another record in its place.
    """

    clean: Example | None = None
    record: Any = None
    again: Callable[[Any], Example] | None = None


@dataclass(frozen=True, kw_only=True)
class AttackedText(Adversary):
    """Shows some texts with slips in some of their words. Costs nothing but to encode them again.

    Attributes:
        slips: The kinds that are drawn from; what a model is to withstand.
        texts: Share of the texts that are shown with slips.
        max_share: At most such a share of a text's words has slips; how large it is is drawn anew.
        min_letters: Shorter words, and those with other signs than letters, stay as they are.

    Source: Pruthi et al. 2019; drawn while training rather than beforehand (Ivgi & Berant 2021).
    """

    slips: tuple[Annotated[Perturbation, Kind("data.perturbations")], ...] = (
        Swap(),
        Delete(),
        Insert(),
        Keyboard(),
    )
    texts: Annotated[float, Field(gt=0, le=1)] = 0.5
    max_share: Annotated[float, Field(gt=0, le=1)] = 0.3
    min_letters: Annotated[int, Field(ge=1)] = 4

    def encode(
        self, objective: Objective, record: Any, tokenizer: "Tokenizer", labels: Sequence[str], context: int, row: int
    ) -> Example:
        """The example with the record it was made from.

        Raises:
            RecipeError: If the record is neither a text nor words, or the objective shows several beside each other.
        """
        if not isinstance(record, TextRecord | WordsRecord):
            raise RecipeError(f"attacked_text: objective '{kind_of(type(objective))}' does not learn from plain texts")
        if type(objective).relate is not Objective.relate:
            name = kind_of(type(objective))
            raise RecipeError(f"attacked_text: objective '{name}' shows texts beside each other, so none is made anew")
        clean = objective.encode(record, tokenizer, labels, context, row)

        def again(changed: Any) -> Example:
            return objective.encode(changed, tokenizer, labels, context, row)

        kept = (clean.input_ids, clean.labels, clean.bounds, clean.row, clean.word_starts)
        return RecordExample(*kept, clean=clean, record=record, again=again)

    def collate(
        self, objective: Objective, examples: Sequence[Example], draws: Draws, config: "ModelConfig"
    ) -> "Batch":
        """Some examples made anew from a misspelt record, the others as they are."""
        return objective.collate(
            [self._shown(example, draws.generator(index, "attacked text")) for index, example in enumerate(examples)],
            draws,
            config,
        )

    def _shown(self, example: Example, generator: "np.random.Generator") -> Example:
        assert isinstance(example, RecordExample) and example.clean is not None and example.again is not None
        if generator.random() >= self.texts:
            return example.clean
        return example.again(self.attacked(example.record, generator))

    def attacked(self, record: TextRecord | WordsRecord, generator: "np.random.Generator") -> TextRecord | WordsRecord:
        """A record with slips; tags stay with their words."""
        limits = Limits(min_letters=self.min_letters)
        share = self.max_share * generator.random()
        if isinstance(record, WordsRecord):
            changes = misspelt(record.words, self.slips, limits, share, generator)
            words = tuple(changes.get(number, word) for number, word in enumerate(record.words))
            return replace(record, words=words)
        places = word_places(record.text)
        found = [record.text[place.start : place.end] for place in places]
        changes = misspelt(found, self.slips, limits, share, generator)
        return replace(record, text=rewritten(record.text, places, changes))
