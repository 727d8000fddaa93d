"""The lines of `make bench-evaluate`, in the order in which they run."""

from benchmarks.evaluate import canaries
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "canaries": canaries.canaries,
}
