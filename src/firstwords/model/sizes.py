"""What a recipe may say about a model's size: a depth, a preset's name, a number of parameters, or any size by hand."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig, Reason, derive
from firstwords.model.presets import preset
from firstwords.model.shape_search import nearest_shape
from firstwords.recipe import Component, Count

Positive = Annotated[int, Field(ge=1)]
DIALS = ("depth", "preset", "parameters")


@dataclass(frozen=True, kw_only=True)
class ModelSizes(Component):
    """Sizes set by hand; what is left out follows from the depth, and the depth from the budget.

    Attributes:
        depth: The one dial.
        preset: Name of a shape in `model/presets.py`, such as `124M`. At most one of `depth`, `preset`, `parameters`.
        parameters: All numbers of the model, embeddings included; the shape that comes nearest is taken.
        layout: `qwen3` (causal, the default), `llama` (causal, without normalised queries and keys) or `eurobert`
            (bidirectional).
        width: Numbers in the residual stream.
        num_heads: Of the queries.
        num_kv_heads: Of keys and values; divides `num_heads`.
        head_size: Numbers of one head.
        mlp_width: Inner width of the feed-forward part.
        context: Longest document in tokens.
        rope_base: Base of the rotary angles.
        tie_embeddings: Whether head and embedding share their weights.
    """

    depth: Positive | None = None
    preset: str | None = None
    parameters: Annotated[Count, Field(ge=1)] | None = None
    layout: Literal["qwen3", "llama", "eurobert"] | None = None
    width: Positive | None = None
    num_heads: Positive | None = None
    num_kv_heads: Positive | None = None
    head_size: Positive | None = None
    mlp_width: Positive | None = None
    context: Annotated[Count, Field(ge=8)] | None = None
    rope_base: Annotated[float, Field(gt=1)] | None = None
    tie_embeddings: bool | None = None

    def __post_init__(self) -> None:
        named = [name for name in DIALS if getattr(self, name) is not None]
        if len(named) > 1:
            raise RecipeError(f"give only one of {', '.join(DIALS)}; there are {' and '.join(named)}")
        if self.preset is not None:
            preset(self.preset)

    @property
    def is_fixed(self) -> bool:
        """Whether the size is known before the machine was measured."""
        return any(getattr(self, name) is not None for name in DIALS)

    def given(self) -> dict[str, Any]:
        """The fields that are set, but for the dials."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in fields.items() if value is not None and name not in DIALS}

    def derive(self, depth: int, **given: Any) -> tuple[ModelConfig, list[Reason]]:
        """The configuration with a reason for each of its sizes.

        Args:
            depth: Layers where no dial says otherwise.
            given: Fields of `ModelConfig` from elsewhere: vocabulary, special ids, layout.
        """
        given = self.given() | given
        if self.preset is not None:
            shape = preset(self.preset)
            reason = f"preset {self.preset}: {shape.source}"
            sources = {name: reason for name in shape.sizes() if name not in self.given()}
            return derive(shape.num_layers, sources, **(shape.sizes() | given))
        if self.parameters is not None:
            return nearest_shape(self.parameters, **given)
        return derive(self.depth or depth, **given)
