"""The parts of labelled data that a fine-tuned model keeps beside it, so that everything is scored on the same ones."""

from __future__ import annotations

from typing import Any

from firstwords.artifact import Artifact
from firstwords.data.dataset import read_records
from firstwords.errors import RecipeError


def read_part(model: Artifact, part: str, *, may_be_empty: bool = False) -> list[Any]:
    """The records of one part, in their stored order.

    Args:
        model: A fine-tuning artifact.
        part: `train`, `validation` or `test`.
        may_be_empty: Give an empty list instead of an error.

    Raises:
        RecipeError: If the artifact has no such part, or it is empty.
    """
    path = model.path(f"{part}.parquet")
    if not path.is_file():
        raise RecipeError(f"{model.name} ({model.folder}) keeps no {path.name}: it was not made by a finetune stage")
    records: list[Any] = read_records(path)
    if not records and not may_be_empty:
        raise RecipeError(f"{model.name}: the {part} part of its data is empty")
    return records
