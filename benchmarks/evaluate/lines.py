"""The lines of `make bench-evaluate`, in the order in which they run."""

from benchmarks.evaluate import canaries, coverage, harness, references
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "references": references.references,
    "harness": harness.harness,
    "coverage": coverage.coverage,
    "canaries": canaries.canaries,
}
