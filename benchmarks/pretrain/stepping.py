"""A training step of some stack, made in a process of its own when its standard input asks for it.

Each line that is read is a number of steps; each line that is written tells what they took. So two processes can take
turns, each with the allocator, threads and compiled code that are its own. Runs in the peers' environment too, hence
imports torch and nothing of ours.
"""

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

Step = Callable[[], torch.Tensor | float]


@dataclass(frozen=True)
class Shape:
    """Sizes that all stacks share; the feed-forward part is 4 x width, or gated at 8/3 of it: the same arithmetic."""

    layers: int
    width: int
    heads: int
    context: int
    vocabulary: int
    rows: int

    @property
    def gated(self) -> int:
        """Inner width of a gated feed-forward part."""
        return 64 * round(self.width * 8 / 3 / 64)


SHAPES = {
    "matched": Shape(6, 384, 6, 256, 8192, 16),
    "quick": Shape(6, 384, 6, 256, 8192, 2),
    "small": Shape(4, 128, 4, 64, 65, 12),
}


def tokens(shape: Shape) -> torch.Tensor:
    """(rows, context) random ids: which ones changes nothing in the arithmetic."""
    return torch.randint(shape.vocabulary, (shape.rows, shape.context), generator=torch.Generator().manual_seed(0))


def lengths(shape: Shape) -> list[int]:
    """Of each row of a half-full batch: uniform from a quarter of the context to all of it."""
    generator = torch.Generator().manual_seed(1)
    return torch.randint(shape.context // 4, shape.context + 1, (shape.rows,), generator=generator).tolist()


def adamw(parameters: object) -> torch.optim.Optimizer:
    """What transformers, litgpt and x-transformers get: the fastest AdamW that torch has."""
    return torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)  # type: ignore[arg-type]


def update(model: torch.nn.Module, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
    """Backward, clip, update: the second half of a peer's step."""
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.detach()


def _processor_seconds() -> float:
    """Of this process and the children that it has now."""
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            ticks += sum(map(int, Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def serve(makers: dict[str, Callable[[Shape, str], Step]]) -> None:
    """`program STACK SHAPE MODE THREADS`: make the step, then answer requests until standard input ends."""
    stack, shape, mode, threads = sys.argv[1:5]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    answers, sys.stdout = sys.stdout, sys.stderr  # what a peer prints must not come between
    begin = time.monotonic()
    step = makers[stack](SHAPES[shape], mode)
    float(step())
    first = time.monotonic() - begin
    for name in getattr(step, "parts", {}):
        step.parts[name] = 0.0  # type: ignore[attr-defined]
    gc.collect()
    gc.freeze()
    print(json.dumps({"first": first}), file=answers, flush=True)
    for line in sys.stdin:
        processor, wall = _processor_seconds(), time.perf_counter()
        seconds = []
        for _ in range(int(line)):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + getattr(step, "peak_bytes_beside", int)()
        told = {"seconds": seconds, "wall": time.perf_counter() - wall, "processor": _processor_seconds() - processor}
        print(json.dumps(told | {"peak_bytes": peak, "parts": getattr(step, "parts", {})}), file=answers, flush=True)
