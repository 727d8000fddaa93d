"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import own
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "scratch": own.scratch_texts,
    "scratch-entities": own.scratch_entities,
}
