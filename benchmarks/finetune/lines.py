"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import adversarial, answers, domain, encoder, own
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "encoder-trec": encoder.trec,
    "encoder-wnut": encoder.wnut,
    "encoder-sst2": encoder.sst2,
    "scratch": own.scratch_texts,
    "scratch-entities": own.scratch_entities,
    "adversarial": adversarial.sst2,
    "adversarial-trec": adversarial.trec,
    "domain": domain.domain,
    "instruction": answers.instruction,
    "preference": answers.preference,
}
