"""Two training steps in two processes that take turns, so that what else the machine does falls on both."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

from benchmarks.pretrain.stepping import SHAPES
from benchmarks.process import ROOT, busy_seconds, peer
from firstwords.machine import LIBRARY_SETTINGS

HERE = Path(__file__).parent
REQUIREMENTS = ["torch==2.13.0", "numpy transformers==5.23.0 x-transformers==2.31.10 litgpt==0.5.9"]
CHECKOUTS = {"nanogpt": "PEER_NANOGPT", "nanochat": "PEER_NANOCHAT"}
THREADS = 2


class Worker:
    """A process that makes steps when it is asked.

    Args:
        stack: A name in `ours.py`, or of a peer.
        shape: A name of `SHAPES`.
        mode: What the stack understands.
        ours: Whether it is our stack.
        environment: Added to ours.
    """

    def __init__(
        self, stack: str, shape: str, mode: str, *, ours: bool, environment: Mapping[str, str] | None = None
    ) -> None:
        self.tokens = SHAPES[shape].rows * SHAPES[shape].context
        self.seconds: list[float] = []
        self.foreign: list[float] = []
        self.last: dict[str, Any] = {}
        python = sys.executable if ours else str(peer("pretrain-peers", REQUIREMENTS))
        program = HERE / "ours.py" if ours else HERE / "peers" / "stacks.py"
        self.errors = Path(os.environ.get("TMPDIR", "/tmp")) / f"bench-{os.getpid()}-{stack}-{mode}.txt"
        # What `firstwords run` sets before a numerical library is loaded; the others have what they come with.
        own = {"PYTHONPATH": str(ROOT / "src")} | LIBRARY_SETTINGS
        more = own if ours else {"PYTHONPATH": ""}
        self.process = subprocess.Popen(
            [python, str(program), stack, shape, mode, str(THREADS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors.open("w"),
            text=True,
            env=os.environ | more | {"OMP_NUM_THREADS": str(THREADS)} | dict(environment or {}),
        )
        self.first = self._answer()["first"]

    def make(self, steps: int) -> None:
        """Make steps; their seconds are kept, and how many cores others kept busy meanwhile."""
        assert self.process.stdin is not None
        busy = busy_seconds()
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        self.last = self._answer()
        self.seconds += self.last["seconds"]
        foreign = (busy_seconds() - busy - self.last["processor"]) / self.last["wall"]
        self.foreign.append(max(0.0, foreign))

    @property
    def rate(self) -> float:
        """Tokens a second of the median step."""
        return self.tokens / median(self.seconds)

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended: {self.errors.read_text()[-2000:]}")
        return json.loads(line)  # type: ignore[no-any-return]

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.process.stdout.close()  # type: ignore[union-attr]
        self.errors.unlink(missing_ok=True)


def alternate(first: Worker, second: Worker, *, rounds: int, steps: int) -> float:
    """Let two workers take turns.

    Returns:
        How many times as fast the first is: the median over rounds of the ratio of their median steps.
    """
    ratios = []
    for _ in range(rounds):
        for worker in (first, second):
            worker.make(steps)
        ratios.append(median(second.seconds[-steps:]) / median(first.seconds[-steps:]))
    return median(ratios)


def peer_checkout(stack: str) -> str | None:
    """Why a peer cannot be measured: its checkout is not named. None where nothing is missing."""
    variable = CHECKOUTS.get(stack)
    if variable is None or Path(os.environ.get(variable, "?")).is_dir():
        return None
    return f"{stack} is left out: {variable} names no checkout of it"
