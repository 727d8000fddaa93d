"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import adversarial
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "adversarial": adversarial.sst2,
    "adversarial-trec": adversarial.trec,
}
