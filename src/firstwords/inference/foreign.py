"""The model of a folder, whoever computes it: this package where it knows the layout, transformers where not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from firstwords.errors import RecipeError

if TYPE_CHECKING:
    from firstwords.inference.language_model import LanguageModel


def load_checkpoint(folder: Path) -> tuple[LanguageModel, str]:
    """A model that tasks can ask, and who computes it: `firstwords` or `transformers`.

    What transformers computes keeps to the same contract (`inference.transformers_model`) for causal models.

    Raises:
        RecipeError: If neither can read the folder; the message names both reasons.
    """
    from firstwords.inference.language_model import LanguageModel
    from firstwords.inference.transformers_model import TransformersModel

    try:
        return LanguageModel.load(folder), "firstwords"
    except RecipeError as refused:
        try:
            return cast("LanguageModel", TransformersModel.load(folder)), "transformers"
        except RecipeError as error:
            raise RecipeError(f"{refused}. As a model of transformers: {error}") from None
