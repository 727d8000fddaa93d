"""What a person needs to find out why a loss or a gradient became infinite or not a number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from firstwords.artifact import write_json
from firstwords.training.loader import MicroBatch


def write_rows(
    place: Path, what: str, step: int, model: nn.Module, batches: Sequence[MicroBatch], sums: Sequence[Tensor]
) -> None:
    """Write the rows of this rank's share of a step, and the parameters whose gradient is not finite.

    Args:
        place: A JSON file.
        what: `loss` or `gradient`.
        step: How many steps were made before.
        model: With the gradients of the step.
        batches: The micro-batches of the step; only those with a loss that is not finite are written, if there are any.
        sums: (2,) summed loss and count of each.
    """
    offending = [number for number, each in enumerate(sums) if not torch.isfinite(each).all()]
    shown = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    shown = {name: g.coalesce().values() if g.is_sparse else g for name, g in shown.items()}
    local = {name: g.to_local() if hasattr(g, "to_local") else g for name, g in shown.items()}
    parameters = [name for name, gradient in local.items() if not torch.isfinite(gradient).all()]
    rows = [
        {"epoch": epoch, "row": row, "input_ids": example.input_ids.tolist()}
        for number in offending or range(len(batches))
        for (epoch, row), example in zip(batches[number].draws.keys, batches[number].examples, strict=True)
    ]
    write_json(place, {"step": step, "what": what, "parameters": parameters, "rows": rows})
