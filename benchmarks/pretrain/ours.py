"""Our training step, made of the parts that `firstwords run` trains with: objective, engine, optimizer."""

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from stepping import Shape, Step, lengths, serve, tokens

from firstwords.compute.engines.single import Single
from firstwords.model.config import ModelConfig
from firstwords.model.precision import set_precision
from firstwords.model.products import product
from firstwords.model.transformer import Model
from firstwords.training.batch import Draws, Example
from firstwords.training.lanes import Lanes, num_lanes
from firstwords.training.loader import MicroBatch
from firstwords.training.objective import Objective
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.masked_lm import MaskedLM
from firstwords.training.optimizer import Optimizer
from firstwords.training.settings import TrainSettings


def _config(shape: Shape, layout: str) -> ModelConfig:
    return ModelConfig(
        layout=layout,  # type: ignore[arg-type]
        vocab_size=shape.vocabulary,
        num_layers=shape.layers,
        width=shape.width,
        num_heads=shape.heads,
        num_kv_heads=shape.heads,
        head_size=shape.width // shape.heads,
        mlp_width=shape.gated,
        context=shape.context,
        mask_id=4 if layout == "eurobert" else None,
    )


class _Training:
    """One step after another on the same rows, the time of each part kept.

    The mode is `adamw` or `muon`; `bfloat16` is AdamW with products in half precision.
    """

    def __init__(self, shape: Shape, mode: str, *, layout: str) -> None:
        self.config = _config(shape, layout)
        self.objective: Objective = MaskedLM() if layout == "eurobert" else CausalLM()
        precision = "bfloat16" if mode == "bfloat16" else "float32"
        self.engine = Single(device="cpu")
        self.model = self.engine.prepare(Model(self.config, self.objective.head(self.config, None)))  # type: ignore[arg-type]
        set_precision(self.model, precision)
        kind = "muon" if mode == "muon" else "adamw"
        ids = tokens(shape).numpy().astype(np.int32)
        if layout == "eurobert":
            self.rows = [
                Example(row[:length], row=n) for n, (row, length) in enumerate(zip(ids, lengths(shape), strict=True))
            ]
        else:
            self.rows = [Example(row, np.roll(row, -1), row=n) for n, row in enumerate(ids)]
        self.parts = {"forward": 0.0, "backward": 0.0, "optimizer": 0.0}
        self.lanes = Lanes(self.model, num_lanes(self.model), {"part": self._part})
        self.optimizer = Optimizer(self.model, TrainSettings(tokens=1, batch_tokens=1, matrix_optimizer=kind))  # type: ignore[arg-type]

    def __call__(self) -> float:
        draws = Draws(0, tuple((0, row.row) for row in self.rows))
        times = [time.perf_counter()]
        loss, count = self.lanes.run("part", MicroBatch(self.rows, draws)).tolist()
        times.append(time.perf_counter())
        self.engine.step(self.model, self.optimizer, count=count, max_norm=1.0, factor=1.0)
        times.append(time.perf_counter())
        self.parts["optimizer"] += times[2] - times[1]
        return loss / count  # type: ignore[no-any-return]

    def peak_bytes_beside(self) -> int:
        """Memory of lanes outside this process."""
        return self.lanes.peak_bytes_beside()

    def _part(self, model: Model, part: MicroBatch) -> torch.Tensor:
        begin = time.perf_counter()
        batch = self.objective.collate(part.examples, part.draws, self.config)
        loss, count = self.objective.loss(model, batch, part.draws)
        middle = time.perf_counter()
        self.engine.backward(loss)
        if model is self.model:  # the first of the lanes that run side by side
            self.parts["forward"] += middle - begin
            self.parts["backward"] += time.perf_counter() - middle
        return torch.stack([loss.detach().double(), count.double()])


def products(shape: Shape, mode: str) -> Step:
    """The matrix products of a step and nothing else, at their shapes: the ceiling of this machine.

    The mode is the dtype. Attention's products are left out, so that its time counts as something that a step does.
    """
    dtype = getattr(torch, mode)
    rows, width = shape.rows * shape.context, shape.width
    matrices = [(width, 3 * width), (width, width), (width, 2 * shape.gated), (shape.gated, width)] * shape.layers
    matrices.append((width, shape.vocabulary))
    kinds = {
        (i, o): (torch.randn(rows, i, dtype=dtype), torch.randn(o, i, dtype=dtype), torch.randn(rows, o, dtype=dtype))
        for i, o in set(matrices)
    }

    def step() -> float:
        for kind in matrices:
            x, weight, gradient = kinds[kind]
            product(x, weight)
            product(gradient, weight.T)
            torch.mm(gradient.T, x)
        return 0.0

    return step


def head(shape: Shape, mode: str) -> Step:
    """The head and its loss alone, forward and backward."""
    from firstwords.model.cross_entropy import sum_cross_entropy

    rows = shape.rows * shape.context
    hidden = torch.randn(rows, shape.width, requires_grad=True)
    weight = (0.02 * torch.randn(shape.vocabulary, shape.width)).requires_grad_()
    labels = tokens(shape).flatten()

    def step() -> float:
        hidden.grad = weight.grad = None
        with torch.autocast("cpu", torch.bfloat16, enabled=mode == "bfloat16"):
            loss = sum_cross_entropy(hidden, weight, labels, 1e-4)
        loss.backward()
        return float(loss)

    return step


MAKERS = {layout: partial(_Training, layout=layout) for layout in ("llama", "qwen3", "eurobert")}

if __name__ == "__main__":
    serve(MAKERS | {"products": products, "head": head})
