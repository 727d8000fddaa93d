"""In which type a model makes its matrix products, and whether half precision is faster here."""

from __future__ import annotations

import time

import torch
from torch import nn

SIZE, TIMES = 512, 5


def set_precision(model: nn.Module, precision: str) -> None:
    """Let a model make its products and attention in `bfloat16`, or in the type of its weights (`float32`).

    Weights, sums over chunks and the optimizer stay as they are, and so do the products of a float64 model.
    """
    model.autocast = torch.bfloat16 if precision == "bfloat16" else None  # type: ignore[assignment]


def half_precision_gain() -> float:
    """How many times as fast as in float32 a matrix product is in bfloat16, with the threads that are set.

    A processor without units for it is a hundred times slower (0.01), which this tells in a tenth of a second.
    """
    seconds: list[float] = []
    generator = torch.Generator().manual_seed(0)
    for dtype in (torch.float32, torch.bfloat16):
        a, b = (torch.randn(SIZE, SIZE, generator=generator).to(dtype) for _ in range(2))
        best = float("inf")
        for _ in range(TIMES):
            begin = time.perf_counter()
            torch.mm(a, b)
            best = min(best, time.perf_counter() - begin)
            if seconds and best > 2 * seconds[0]:
                break  # slower for certain: no need to wait for it again
        seconds.append(best)
    return seconds[0] / seconds[1]
