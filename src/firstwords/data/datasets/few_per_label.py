"""Another data set with few training texts a label: what can be learnt where labels are dear."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from firstwords.data.dataset import Dataset, Parts, TextRecord, draw
from firstwords.errors import RecipeError
from firstwords.recipe import Kind


@dataclass(frozen=True, kw_only=True)
class FewPerLabel(Dataset):
    """So many texts of each label for training, none for validation (whoever has eight has no others to choose on).

    The test part stays, or a share of it.
    """

    record: ClassVar[type] = TextRecord

    data: Annotated[Dataset, Kind("data.datasets")]
    """Labelled texts."""
    per_label: Annotated[int, Field(ge=1)] = 8
    """Training texts of each label."""
    test_texts: Annotated[int, Field(ge=1)] | None = None
    """Of the test part, drawn by a hash; all unless given."""
    seed: int = 0
    """Another seed draws other texts."""

    def __post_init__(self) -> None:
        if self.data.record is not TextRecord or self.data.needs_documents:
            raise RecipeError("few_per_label needs labelled texts from files")

    def parts(self, documents: Path | None = None) -> Parts:
        """See `Dataset.parts`. A label with too few texts gives all it has."""
        parts = self.data.parts()
        taken: dict[str, list[Any]] = defaultdict(list)
        for record in sorted(parts["train"], key=lambda record: draw(f"few per label {self.seed}", record.id)):
            if len(taken[record.label]) < self.per_label:  # type: ignore[union-attr]
                taken[record.label].append(record)  # type: ignore[union-attr]
        test = sorted(parts["test"], key=lambda record: draw("few per label test", record.id))[: self.test_texts]
        return {"train": [each for label in sorted(taken) for each in taken[label]], "validation": [], "test": test}

    def fingerprint(self) -> str:
        """That of the data is told by the data."""
        return ""
