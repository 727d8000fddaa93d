"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import answers, domain, encoder
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "encoder-trec": encoder.trec,
    "encoder-wnut": encoder.wnut,
    "encoder-sst2": encoder.sst2,
    "domain": domain.domain,
    "instruction": answers.instruction,
    "preference": answers.preference,
}
