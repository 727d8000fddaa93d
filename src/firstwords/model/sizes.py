"""What a recipe may say about a model's size: `model = { depth = 6 }`, or any size by hand."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from firstwords.recipe import Component, Count

Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class ModelSizes(Component):
    """Sizes set by hand; what is left out follows from the depth, and the depth from the budget.

    Attributes:
        depth: The one dial.
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
    layout: Literal["qwen3", "llama", "eurobert"] | None = None
    width: Positive | None = None
    num_heads: Positive | None = None
    num_kv_heads: Positive | None = None
    head_size: Positive | None = None
    mlp_width: Positive | None = None
    context: Annotated[Count, Field(ge=8)] | None = None
    rope_base: Annotated[float, Field(gt=1)] | None = None
    tie_embeddings: bool | None = None

    def given(self) -> dict[str, Any]:
        """The fields that are set, but for the depth."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in fields.items() if value is not None and name != "depth"}
