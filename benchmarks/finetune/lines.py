"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import few_shot
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "few_shot": few_shot.few_shot,
    "few_label": few_shot.few_label,
}
