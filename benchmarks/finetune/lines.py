"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.line import Line

LINES: dict[str, Line] = {}
