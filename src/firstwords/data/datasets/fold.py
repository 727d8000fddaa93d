"""Another data set with its test part drawn anew, one part of several: cross-validation, where examples are few."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, draw
from firstwords.errors import RecipeError
from firstwords.recipe import Kind


@dataclass(frozen=True, kw_only=True)
class Fold(Dataset):
    """All records of the data, whatever its parts: one part of `of` is the test part, the rest is learnt from.

    Models of all folds together were tested on every record, each by a model that did not see it. Whole groups are
    drawn, by a hash of their name. What the data gives for validation stays there, unless it is tested on.
    """

    data: Annotated[Dataset, Kind("data.datasets")]
    """Records of any kind."""
    of: Annotated[int, Field(ge=2)] = 5
    """How many folds there are."""
    number: Annotated[int, Field(ge=0)] = 0
    """Which of them is the test part, from 0."""
    seed: int = 0
    """Another seed draws other folds."""

    def __post_init__(self) -> None:
        if self.number >= self.of:
            raise RecipeError(f"number = {self.number}: there are {self.of} folds, the first is 0")

    @property
    def record(self) -> type:  # type: ignore[override]
        """That of the data."""
        return self.data.record

    @property
    def needs_documents(self) -> bool:  # type: ignore[override]
        """As the data does."""
        return self.data.needs_documents

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`."""
        parts = self.data.parts(documents)
        found: Parts = {
            "train": [*parts["train"], *parts["test"]],
            "validation": parts["validation"],
            "test": [record for part in ("train", "validation", "test") for record in parts[part]],
        }
        return {
            part: [record for record in records if self._is_tested(record.group) == (part == "test")]
            for part, records in found.items()
        }

    def notes(self) -> list[str]:
        """Those of the data."""
        return self.data.notes()

    def fingerprint(self) -> str:
        """That of the data is told by the data."""
        return ""

    def _is_tested(self, group: str) -> bool:
        # The largest draws are rounded to 1.
        return min(self.of - 1, int(self.of * draw(f"fold {self.seed}", group))) == self.number
