"""A small causal model that learnt to learn from examples, on label sets that it never saw; few-label fine-tuning.

`few_shot` runs the recipe of that name and judges, for each label set, whether accuracy at 8 examples is above chance,
the majority class and no examples with intervals that do not overlap. `few_label` gives 8 texts a label to a
classifier: contrastive pairs first, plain fine-tuning, and TF-IDF beside them, from the same base.
"""

import json
from pathlib import Path
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.process import ROOT, run_recipe

SETS = ("clinc-banking", "clinc-cards", "clinc-travel", "banking77", "trec")
# The same sets with the examples most like each question, of 100 texts a label drawn anew for each draw.
SIMILAR = ("banking77-similar", "trec-similar")
WAYS = 4
QUICK = ("pretrain.causal.tokens=50_000", "finetune.learner.epochs=0.1")
BESIDE = {
    "banking77-untrained": "the weights that the episodes begin with",
    "trec-untrained": "the weights that the episodes begin with",
    "banking77-contextual": "contextual calibration",
    "banking77-batch": "batch calibration",
    "banking77-channel": "the text behind the label",
    "banking77-plain": "pre-trained only",
}
"""Tasks of the recipe that are told and not judged, 50 texts a draw."""
SEEDS, QUICK_SEEDS = 3, 1
TREC = (
    '{ kind = "table", path = "$FIRSTWORDS_DATA/cls-trec/qc.zip/qc/train.txt", '
    'test = "$FIRSTWORDS_DATA/cls-trec/qc.zip/qc/test.txt", '
    "pattern = '(?P<label>\\w+):\\S+ (?P<text>.*)', encoding = \"latin-1\" }"
)
BANKING = (
    '{ kind = "table", path = "$FIRSTWORDS_DATA/cls-banking77/train.csv.xz", '
    'test = "$FIRSTWORDS_DATA/cls-banking77/test.csv.xz", label = "category" }'
)
CLINC = (
    '{ kind = "table", path = "$FIRSTWORDS_DATA/cls-clinc150/data_full.json.xz#train", '
    'validation = "$FIRSTWORDS_DATA/cls-clinc150/data_full.json.xz#val", '
    'test = "$FIRSTWORDS_DATA/cls-clinc150/data_full.json.xz#test", text = 0, label = 1 }'
)
LABELLED = {"trec": TREC, "banking77": BANKING, "clinc150": CLINC}


def few_shot(setting: Setting) -> list[Judged]:
    """For each label set: accuracy at 8 examples less the highest of what it must exceed."""
    ran = run_recipe(ROOT / "recipes" / "few_shot.toml", setting.work, *(QUICK if setting.quick else ()))
    results = _results(setting.work)
    found = []
    for name in SETS + SIMILAR:
        accuracy, worst = results[name]["accuracy"], results[name]["worst_draw"]
        beside = accuracy["baseline"]
        bar = max(beside["chance"], beside["majority"], beside["zero-shot"])
        note = (
            f"{WAYS}-way, [{accuracy['low']:.3f}, {accuracy['high']:.3f}], worst of 10 draws "
            f"{worst['value']:.3f}; zero-shot {beside['zero-shot']:.3f}, chance {beside['chance']:.3f}, majority "
            f"{beside['majority']:.3f}, TF-IDF of the same examples {beside['TF-IDF']:.3f}; {ran.seconds:.0f} s in all"
        )
        # The lower end against the highest of the three: the interval of no examples is about as wide as this one.
        half = accuracy["value"] - accuracy["low"]
        figure = accuracy["low"]
        found.append(Judged(name=f"few-shot-{name}", figure=figure, unit="lower end", bar=bar + half, note=note))
    for name, what in BESIDE.items():
        accuracy, worst = results[name]["accuracy"], results[name]["worst_draw"]
        note = f"{what}; [{accuracy['low']:.3f}, {accuracy['high']:.3f}], worst of 10 draws {worst['value']:.3f}"
        found.append(Judged(name=f"few-shot-{name}", figure=accuracy["value"], unit="accuracy", note=note))
    return found


def few_label(setting: Setting) -> list[Judged]:
    """Accuracy with 8 texts a label: contrastive, plain, TF-IDF; the mean over seeds, the lowest in the note."""
    recipe = setting.work / "few_label.toml"
    seeds = range(QUICK_SEEDS if setting.quick else SEEDS)
    recipe.write_text(_few_label_recipe(seeds), encoding="utf-8")
    run_recipe(recipe, setting.work, *(("pretrain.masked.budget=30s",) if setting.quick else ()))
    results = _results(setting.work)
    found = []
    for name in LABELLED:
        for method in ("contrastive", "plain"):
            scores = [results[f"{name}-{method}-{seed}"]["accuracy"] for seed in seeds]
            values = [each["value"] for each in scores]
            linear = sum(each["baseline"]["TF-IDF"] for each in scores) / len(scores)
            note = f"8 a label, {len(values)} seeds, lowest {min(values):.3f}; TF-IDF {linear:.3f}"
            mean = sum(values) / len(values)
            found.append(Judged(name=f"few-label-{name}-{method}", figure=mean, unit="accuracy", note=note))
    return found


def _few_label_recipe(seeds: range) -> str:
    head = (ROOT / "recipes" / "few_shot.toml").read_text(encoding="utf-8").partition("[pretrain.causal]")[0]
    parts = [head, '[pretrain.masked]\nbudget = "2min"\nobjective = { kind = "masked_lm" }\n']
    tasks = []
    for name, data in LABELLED.items():
        for seed in seeds:
            for method, objective in (("contrastive", "contrastive"), ("plain", "sequence_classification")):
                stage = f"{name}-{method}-{seed}"
                parts.append(
                    f'[finetune.{stage}]\nbase = "pretrain.masked"\nobjective = {{ kind = "{objective}" }}\n'
                    f"epochs = 20\nseed = {seed}\n"
                    f'data = {{ kind = "few_per_label", per_label = 8, test_texts = 500, seed = {seed}, '
                    f"data = {data} }}\n"
                )
                tasks.append(f'  {{ kind = "classification", name = "{stage}", model = "finetune.{stage}" }},')
    return "\n".join([*parts, "[evaluate]\ntasks = [", *tasks, "]\n"])


def _results(work: Path) -> dict[str, Any]:
    (folder,) = (work / "artifacts" / "evaluate").glob("evaluate-*")
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found
