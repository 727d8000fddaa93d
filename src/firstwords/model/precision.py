"""In which type a model makes its matrix products, and whether half precision is faster here."""

from __future__ import annotations

import time

import torch
from torch import nn

from firstwords.compute.devices import wait

SIZE, SIZE_GPU, TIMES = 512, 4096, 5


def set_precision(model: nn.Module, precision: str) -> None:
    """Let a model make its products and attention in `bfloat16`, or in the type of its weights (`float32`).

    Weights, sums over chunks and the optimizer stay as they are, and so do the products of a float64 model.
    """
    model.autocast = torch.bfloat16 if precision == "bfloat16" else None  # type: ignore[assignment]


def half_precision_gain(device: str = "cpu") -> float:
    """How many times as fast as in float32 a matrix product is in bfloat16, with the threads that are set.

    A processor without units for it is a hundred times slower (0.01), which this tells in a few tenths of a second.
    """
    seconds: list[float] = []
    generator = torch.Generator(device).manual_seed(0)
    size = SIZE if device == "cpu" else SIZE_GPU
    for dtype in (torch.float32, torch.bfloat16):
        a, b = (torch.randn(size, size, generator=generator, device=device).to(dtype) for _ in range(2))
        best = float("inf")
        # The first product compiles its kernel, or loads the library: in bfloat16 that can take ten times as long as
        # the product, and decided for float32 in some runs.
        torch.mm(a, b)
        for _ in range(TIMES):
            wait(device)
            begin = time.perf_counter()
            torch.mm(a, b)
            wait(device)
            best = min(best, time.perf_counter() - begin)
            if seconds and best > 2 * seconds[0]:
                break  # slower for certain: no need to wait for it again
        seconds.append(best)
    return seconds[0] / seconds[1]
