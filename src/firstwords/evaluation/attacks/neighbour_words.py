"""Words exchanged for the nearest ones in the model's own table of embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from firstwords.data.dataset import TextRecord
from firstwords.data.perturbation import MIN_LETTERS, Limits
from firstwords.evaluation.attack import Attack, Proposer, Subject, outside

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class NeighbourWords(Attack):
    """Near in the table is not the same in meaning (good and bad stand close): a cheap gate, not a thesaurus.

    Attributes:
        candidates: For a word.
        min_cosine: Between the embeddings of the word and of what takes its place; only words of one sub-word have one.
        min_letters: Words with fewer, and those with other signs than letters, stay.
    """

    records: ClassVar[tuple[type, ...]] = (TextRecord,)

    candidates: Annotated[int, Field(ge=1)] = 8
    min_cosine: Annotated[float, Field(gt=0, lt=1)] = 0.7
    min_letters: Annotated[int, Field(ge=1)] = MIN_LETTERS

    def proposer(self, model: "LanguageModel", train: Sequence[Any]) -> Proposer:
        """Texts with a neighbour in place of a word."""
        words, table = _whole_words(model, self.min_letters)
        numbers = {word: number for number, word in enumerate(words)}

        def propose(subject: Subject, position: int, generator: np.random.Generator) -> list[Subject]:
            word = subject.words[position]
            number = numbers.get(word, numbers.get(word.lower()))
            if number is None:
                return []
            cosines = table @ table[number]
            near = [i for i in np.argsort(-cosines, kind="stable")[: self.candidates + 1].tolist() if i != number]
            kept = [words[i] for i in near if cosines[i] >= self.min_cosine and words[i].lower() != word.lower()]
            return [subject.having(position, each) for each in kept[: self.candidates]]

        return propose

    def places(self, subject: Subject) -> list[int]:
        """Long enough words."""
        return outside(subject, Limits(min_letters=self.min_letters))

    def allowed(self) -> str:
        """See `Attack.allowed`."""
        return (
            f"a word of at least {self.min_letters} letters becomes one of its {self.candidates} nearest in the "
            f"model's table of embeddings, of a cosine of at least {self.min_cosine}"
        )


def _whole_words(model: "LanguageModel", min_letters: int) -> tuple[list[str], np.ndarray]:
    """Words that are one sub-word in running text, and their embeddings of length 1, (W, width)."""
    import torch

    tokenizer = model.tokenizer
    spelt: dict[str, int] = {}
    for number in range(tokenizer.vocab_size):
        word = tokenizer.decode([number])
        if (
            word.strip().isalpha()
            and len(word.strip()) >= min_letters
            and number in tokenizer.encode(f"a {word.strip()}")
        ):
            spelt.setdefault(word.strip(), number)
    if not spelt:  # a tokenizer of bytes
        return [], np.zeros((0, model.config.width), np.float32)
    device = next(model.model.parameters()).device
    with torch.no_grad():
        table = model.model.backbone.embed(torch.tensor(list(spelt.values()), dtype=torch.int64, device=device))
    rows = table.float().cpu().numpy()
    return list(spelt), rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
