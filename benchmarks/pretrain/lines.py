"""The lines of `make bench-pretrain`, in the order in which they run."""

from benchmarks.line import Line
from benchmarks.pretrain import blimp, generation, learning, masked, novels, on_gpu, plan, speed, startup, tokenizing

LINES: dict[str, Line] = {
    "matched": speed.matched,
    "small": speed.small,
    "half-full": speed.masked,
    "startup": startup.startup,
    "tokenizers": tokenizing.tokenizers,
    "plan": plan.plan,
    "generation": generation.generation,
    "gpu": on_gpu.gpu,
    "learning": learning.learning,
    "novels": novels.novels,
    "masked": masked.masked,
    "blimp": blimp.blimp,
}
