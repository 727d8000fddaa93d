"""A plan of a pre-training as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firstwords.machine import gibibytes


def shown(value: Any) -> str:
    """A number for people: `3,100,000`, `0.004`, `yes`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value == int(value) and abs(value) >= 10:
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def summary(plan: Mapping[str, Any]) -> str:
    """One line: `4 layers x 192, 3.1M parameters: 3 min at 14,200 tokens/s measured`."""
    model, cost = plan["model"], plan["cost"]
    parameters = cost["parameters"]
    size = f"{parameters / 1e6:.1f}M" if parameters < 1e9 else f"{parameters / 1e9:.1f}B"
    seconds = cost["seconds"]
    duration = (
        f"{seconds:.0f} s"
        if seconds < 100
        else f"{seconds / 60:.1f} min"
        if seconds < 6000
        else f"{seconds / 3600:.1f} h"
    )
    return (
        f"{model['num_layers']} layers x {model['width']}, {size} parameters, {plan['training']['tokens']:,} tokens: "
        f"{duration} at {cost['tokens_per_second']:,.0f} tokens/s, {gibibytes(cost['memory_bytes'])}"
    )
