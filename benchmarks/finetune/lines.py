"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import answers
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "instruction": answers.instruction,
    "preference": answers.preference,
}
