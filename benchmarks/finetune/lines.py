"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import answers, domain
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "domain": domain.domain,
    "instruction": answers.instruction,
    "preference": answers.preference,
}
