"""The lines of `make bench-finetune`, in the order in which they run."""

from benchmarks.finetune import adversarial, answers, domain, encoder, few_shot, own
from benchmarks.line import Line

LINES: dict[str, Line] = {
    "encoder-trec": encoder.trec,
    "encoder-wnut": encoder.wnut,
    "encoder-sst2": encoder.sst2,
    "scratch": own.scratch_texts,
    "scratch-entities": own.scratch_entities,
    "few-shot": few_shot.few_shot,
    "few-label": few_shot.few_label,
    "adversarial": adversarial.sst2,
    "adversarial-embeddings": adversarial.sst2_embeddings,
    "adversarial-trec": adversarial.trec,
    "adversarial-trec-embeddings": adversarial.trec_embeddings,
    "domain": domain.domain,
    "instruction": answers.instruction,
    "preference": answers.preference,
    "preference-folds": answers.preference_folds,
    "preference-harmless": answers.preference_harmless,
}
