"""A model that tags entities, as a value that can be sent to worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from firstwords.errors import RecipeError

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


@dataclass(frozen=True)
class EntityFinder:
    """Finds entities with the model of a folder, which each process loads when it is first asked."""

    folder: str

    def __call__(self, texts: Sequence[str], types: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Start and end, in characters, of the entities of some types in each text.

        Raises:
            RecipeError: If the model does not tag entities, or knows none of the types.
        """
        import torch

        model = _load(self.folder)
        known = sorted({label[2:] for label in model.labels if label[:2] in ("B-", "I-")})
        if not set(types) & set(known):
            there = ", ".join(known) or "none"
            raise RecipeError(f"the model of names has no entities {', '.join(types)}. There are: {there}")
        threads = torch.get_num_threads()
        # Sums of floats differ with the number of threads; results must not differ with that of workers.
        torch.set_num_threads(1)
        try:
            found = model.entities(texts)
        finally:
            torch.set_num_threads(threads)
        return [[(each.start, each.end) for each in entities if each.type in types] for entities in found]


@cache
def _load(folder: str) -> LanguageModel:
    from firstwords.inference.language_model import LanguageModel

    return LanguageModel.load(folder)
