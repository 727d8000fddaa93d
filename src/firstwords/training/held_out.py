"""Loss and scores on held-out rows while training."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from firstwords.compute.engine import Engine
from firstwords.training.lane_process import Function
from firstwords.training.lanes import Lanes
from firstwords.training.loader import MicroBatch, shared
from firstwords.training.objective import Objective

LOSS = "held-out loss "  # before the sense in which it is measured


def measure(
    *,
    model: nn.Module,
    objective: Objective,
    batches: list[MicroBatch],
    engine: Engine,
    bytes_per_token: float | None,
    lanes: Lanes | None = None,
) -> dict[str, float]:
    """The loss on held-out rows, and the objective's scores where it decodes.

    The micro-batches are shared among ranks for the loss; for scores every rank decodes all of them, since predictions
    are no sums. The model is left in training mode.

    Args:
        model: As `Engine.prepare` gave it.
        objective: Its loss is the bare cross-entropy here.
        batches: From `loader.validation_batches`.
        engine: Adds up over ranks.
        bytes_per_token: UTF-8 bytes a token stands for, on average.
        lanes: Of the model, with `losses` among their functions; one by default.

    Returns:
        `validation_loss` in nats per predicted token or example; `bits_per_byte` if `bytes_per_token` is known (for a
        masked model: per masked byte, seen from both sides); scores. An objective that is measured in several senses
        has the figures of each.
    """
    found: dict[str, float] = {}
    lanes = lanes or Lanes(model, 1, losses(objective, engine))
    for prefix, each in objective.measured().items():
        figures = _measure(lanes, LOSS + prefix, each, batches, engine, bytes_per_token)
        found |= {f"{prefix}{name}": value for name, value in figures.items()}
    return found


def losses(objective: Objective, engine: Engine) -> dict[str, Function]:
    """What lanes are asked for here, by name: (2,) summed loss and count, without gradients."""
    return {LOSS + prefix: partial(_loss, each, engine) for prefix, each in objective.measured().items()}


def _loss(objective: Objective, engine: Engine, model: nn.Module, micro: MicroBatch) -> Tensor:
    with torch.no_grad():  # of each thread its own
        loss, count = objective.loss(model, _placed(objective, engine, model, micro), micro.draws)
    return torch.stack([loss.double(), count.double()])


def _placed(objective: Objective, engine: Engine, model: nn.Module, micro: MicroBatch) -> Any:
    config: Any = model.config
    return engine.place(objective.collate(micro.examples, micro.draws, config))


def _measure(
    lanes: Lanes,
    function: str,
    objective: Objective,
    batches: list[MicroBatch],
    engine: Engine,
    bytes_per_token: float | None,
) -> dict[str, float]:
    model = lanes.model
    model.eval()
    totals = torch.zeros(2, dtype=torch.float64)
    for micro in shared(batches, engine.rank, engine.num_ranks, engine.in_step):
        sums = lanes.run(function, micro)
        if not micro.is_idle:
            totals += sums.cpu()
    gold: list[Any] = []
    predicted: list[Any] = []
    decodes = type(objective).decode is not Objective.decode
    with torch.no_grad():
        for micro in batches if decodes else []:
            gold += [example.labels for example in micro.examples]
            predicted += objective.decode(model, _placed(objective, engine, model, micro)) or []
    model.train()
    total, count = engine.sum(totals).tolist()
    mean = total / max(count, 1.0)
    found = {"validation_loss": mean}
    if bytes_per_token is not None:
        found["bits_per_byte"] = mean / math.log(2) / bytes_per_token
    return found | (objective.metrics(gold, predicted) if decodes else {})
