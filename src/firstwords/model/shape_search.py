"""From a number of parameters to a shape: the depth and width that come nearest to it and keep good proportions."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from firstwords.errors import RecipeError
from firstwords.model.config import ModelConfig, Reason, derive
from firstwords.model.cost import num_parameters

MAX_DEPTH = 64
# Multiples that matrix products work in; below the first, halves.
WIDTHS = (16, 32, *range(64, 1024, 64), *range(1024, 16_384 + 1, 128))
# Being a doubling off in width per layer weighs as much as being 3 % off in size: models of one size differ little
# between 32 and 128 a layer (Kaplan et al. 2020, figure 5).
PROPORTION_WEIGHT = 0.03
USUAL_WIDTH_PER_LAYER = 64


def nearest_shape(parameters: int, **given: Any) -> tuple[ModelConfig, list[Reason]]:
    """The configuration with about so many parameters, embeddings included.

    Args:
        parameters: Wanted.
        given: Fields of `ModelConfig` set by hand, as for `derive`.

    Raises:
        RecipeError: If even the smallest has over twice, or the largest under half as many.
    """
    widths = [given["width"]] if given.get("width") else WIDTHS
    best: tuple[float, int, int] | None = None
    for depth in range(1, MAX_DEPTH + 1):
        for width in _around(parameters, depth, widths, given):
            found = _size(depth, width, given)
            off = abs(math.log(found / parameters))
            proportion = abs(math.log2(width / (USUAL_WIDTH_PER_LAYER * depth)))
            best = min(best or (math.inf, 0, 0), (off + PROPORTION_WEIGHT * proportion, depth, width))
    assert best is not None
    _, depth, width = best
    found = _size(depth, width, given)
    if not parameters / 2 <= found <= 2 * parameters:
        raise RecipeError(
            f"no model has about {parameters:,} parameters with a vocabulary of {given.get('vocab_size', 0):,} "
            f"entries and these sizes; the nearest has {found:,}"
        )
    reason = f"{parameters:,} parameters were asked for; these are {found:,}, at about 64 wide a layer"
    config, reasons = derive(depth, **(given | {"width": width}))
    return config, [
        dataclasses.replace(each, reason=reason)
        if each.name == "num_layers" or (each.name == "width" and not given.get("width"))
        else each
        for each in reasons
    ]


def _around(parameters: int, depth: int, widths: Any, given: dict[str, Any]) -> list[int]:
    """The widths just below and above a size; sizes grow with the width, so halving the range finds them."""
    low, high = 0, len(widths)
    while low < high:
        middle = (low + high) // 2
        if _size(depth, widths[middle], given) < parameters:
            low = middle + 1
        else:
            high = middle
    return list(widths[max(0, low - 1) : low + 1])


def _size(depth: int, width: int, given: dict[str, Any]) -> int:
    return num_parameters(derive(depth, **(given | {"width": width}))[0])
