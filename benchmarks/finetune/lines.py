"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import encoder
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "encoder-trec": encoder.trec,
    "encoder-wnut": encoder.wnut,
    "encoder-sst2": encoder.sst2,
}
