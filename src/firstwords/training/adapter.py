"""The contract of an adapter: few parameters that are trained beside a base that stays as it is."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firstwords.recipe import Component

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Adapter(Component):
    """Base of adapters."""

    @property
    def rate_share(self) -> float:
        """Of the learning rate for all parameters, where the recipe says none."""
        return 1.0

    @abstractmethod
    def add(self, model: "nn.Module", seed: int, *, train_head: bool) -> tuple[int, str]:
        """Make a model trainable in few parameters; it computes the same as before.

        Args:
            model: Changed in place.
            seed: Of what begins at random.
            train_head: Whether the head is new and trained as well.

        Returns:
            The number of trained parameters, and in words which.

        Raises:
            RecipeError: If the adapter does not fit the model.
        """

    @abstractmethod
    def save(self, model: "nn.Module", folder: Path, base: str) -> None:
        """Write what was trained by itself.

        Args:
            model: As `add` made it and training left it.
            folder: Replaced as a whole.
            base: What it belongs to, in words.
        """

    @abstractmethod
    def merge(self, model: "nn.Module") -> None:
        """Make what was trained part of the model, which then is like any other."""
