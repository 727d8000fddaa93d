"""Own models on labelled data: from scratch, and after pre-training on the texts in the data folder for a fixed time.

Both begin as the same model with the same tokenizer; the one from scratch has weights as they were drawn (its
pre-training is a few updates at rate 0). Defaults of the product throughout; validation parts for choices, test parts
once. Beside each score the baseline that `evaluate` prints: TF-IDF with logistic regression, or a CRF over hand-made
features. The gain of pre-training and the baseline's lead are told whichever way they turn out.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.line import Judged, Setting
from benchmarks.pretrain.novels import texts
from benchmarks.pretrain.text_recipe import HEAD
from benchmarks.process import run_recipe
from firstwords.data.dataset import draw
from firstwords.data.datasets.folders import Folders

SECONDS, QUICK_SECONDS = 240, 30
NEWS_TRAIN, NEWS_WORDS = 3000, 90  # 90 words are about 128 tokens of such a vocabulary
SIZE = "{ depth = 4, width = 256, context = 128 }"


@dataclass(frozen=True, kw_only=True)
class Set:
    """A labelled set: the recipe's words for its data, its seeds, and the published score of a linear model or CRF."""

    name: str
    data: str
    baseline: str = "TF-IDF"
    seeds: int = 1


TEXTS = (
    Set(
        name="sst2",
        data='kind = "table", path = "{data}/cls-sst2/train.tsv.xz", validation = "{data}/cls-sst2/dev.tsv", '
        'test = "{data}/cls-sst2/test.tsv", text = 0, label = 1',
        seeds=2,
    ),
    Set(
        name="trec",
        data='kind = "table", path = "{data}/cls-trec/qc.zip/qc/train.txt", '
        'test = "{data}/cls-trec/qc.zip/qc/test.txt", '
        "pattern = '(?P<label>\\w+):\\S+ (?P<text>.*)', encoding = \"latin-1\"",
        seeds=3,
    ),
    Set(
        name="clinc150",
        data='kind = "table", path = "{data}/cls-clinc150/data_small.json.xz#train", text = 0, label = 1, '
        'validation = "{data}/cls-clinc150/data_small.json.xz#val", '
        'test = "{data}/cls-clinc150/data_small.json.xz#test"',
        seeds=2,
    ),
    Set(
        name="20news",
        data='kind = "table", path = "{work}/news-train.jsonl", test = "{work}/news-test.jsonl"',
    ),
)
ENTITIES = (
    Set(
        name="wnut17",
        data='kind = "conll", train = "{data}/ner-wnut17/wnut17train.conll.xz", '
        'validation = "{data}/ner-wnut17/emerging.dev.conll", test = "{data}/ner-wnut17/emerging.test.annotated"',
        baseline="CRF",
        seeds=3,
    ),
    Set(
        name="ncbi",
        data='kind = "conll", train = "{data}/ner-ncbi-disease/train.tsv.xz", '
        'validation = "{data}/ner-ncbi-disease/devel.tsv.xz", test = "{data}/ner-ncbi-disease/test.tsv.xz"',
        baseline="CRF",
    ),
    Set(
        name="conll2003",
        data='kind = "conll", train = "{data}/ner-conll2003/eng.train.xz", '
        'validation = "{data}/ner-conll2003/eng.testa.xz", test = "{data}/ner-conll2003/eng.testb.xz"',
        baseline="CRF",
    ),
)
PRETRAIN = """
[pretrain.own]
objective = {{ kind = "masked_lm" }}
budget = "{seconds}s"
model = {size}
[pretrain.none]
objective = {{ kind = "masked_lm" }}
tokens = 8_192
model = {size}
training = {{ matrix_rate = 0.0, embedding_rate = 0.0, head_rate = 0.0, vector_rate = 0.0, num_samples = 0 }}
"""
FINETUNE = """
[finetune.{name}-{base}]
base = "pretrain.{base}"
objective = {{ kind = "{objective}" }}
data = {{ {data} }}
seeds = {seeds}
"""
TASK = '{{ kind = "{task}", name = "{name}-{base}", model = "finetune.{name}-{base}" }}'


def scratch_texts(setting: Setting) -> list[Judged]:
    """Text classification: accuracy."""
    return figures(setting, TEXTS[1:2] if setting.quick else TEXTS, "sequence_classification", "classification")


def scratch_entities(setting: Setting) -> list[Judged]:
    """Named-entity recognition: entity F1."""
    return figures(setting, ENTITIES[:1] if setting.quick else ENTITIES, "token_classification", "entities")


def figures(setting: Setting, sets: Sequence[Set], objective: str, task: str) -> list[Judged]:
    """Run one recipe over all sets; three figures for each."""
    results = results_of(setting, sets, objective, task)
    return [judged for each in sets for judged in _judged(each, results)]


def results_of(setting: Setting, sets: Sequence[Set], objective: str, task: str) -> dict[str, Any]:
    """What `evaluate` found, task name to metric to entry."""
    work = setting.work
    with (work / "texts.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": text}) + "\n" for text in texts(setting.data))
    if any(each.name == "20news" for each in sets):
        _write_news(setting.data, work)
    seconds = QUICK_SECONDS if setting.quick else SECONDS
    written = HEAD.format(name="own", source=work / "texts.jsonl") + PRETRAIN.format(seconds=seconds, size=SIZE)
    tasks = []
    for each in sets:
        data = each.data.format(data=setting.data, work=work)
        for base in ("none", "own"):
            seeds = 1 if setting.quick else each.seeds
            written += FINETUNE.format(name=each.name, base=base, objective=objective, data=data, seeds=seeds)
            tasks.append(TASK.format(task=task, name=each.name, base=base))
    recipe = work / "own.toml"
    recipe.write_text(f"{written}\n[evaluate]\ntasks = [\n" + ",\n".join(tasks) + "\n]\n", encoding="utf-8")
    run_recipe(recipe, work)
    (place,) = work.glob("artifacts/evaluate/*/results.json")
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return found


def _judged(each: Set, results: dict[str, Any]) -> list[Judged]:
    """The score after pre-training beside the baseline's, the score from scratch, and the gain, in points."""
    scratch, own = (next(iter(results[f"{each.name}-{base}"].values())) for base in ("none", "own"))
    metric = next(iter(results[f"{each.name}-own"]))
    bar = 100 * own["baseline"][each.baseline]
    return [
        Judged(
            name=f"own-{each.name}",
            figure=100 * _mean(own),
            unit=metric,
            bar=bar,
            peer=each.baseline,
            note=f"pre-trained; {_told(own)}",
        ),
        Judged(name=f"scratch-{each.name}", figure=100 * _mean(scratch), unit=metric, note=_told(scratch)),
        Judged(name=f"gain-{each.name}", figure=100 * (_mean(own) - _mean(scratch)), unit="points"),
    ]


def _mean(entry: dict[str, Any]) -> float:
    return float(entry["seeds"]["mean"] if "seeds" in entry else entry["value"])


def _told(entry: dict[str, Any]) -> str:
    interval = f"median seed's interval {100 * entry['low']:.1f} to {100 * entry['high']:.1f}"
    if "seeds" not in entry:
        return interval.replace("median seed's ", "")
    seeds = entry["seeds"]
    spread, worst = 100 * seeds["spread"], 100 * seeds["worst"]
    return f"{len(seeds['values'])} seeds, spread {spread:.2f}, worst {worst:.1f}; {interval}"


def _write_news(data: Path, work: Path) -> None:
    """20 Newsgroups without headers, footers and quotes: the first words of some training texts and all test texts."""
    source = Folders(
        path=str(data / "cls-20newsgroups/20news-bydate.tar.xz"),
        train="20news-bydate-train",
        test="20news-bydate-test",
        validation_share=0.0,
        encoding="latin-1",
        strip=("headers", "footers", "quotes"),
    )
    parts: Any = source.parts()
    chosen = sorted(parts["train"], key=lambda record: draw("news", record.id))[:NEWS_TRAIN]
    for name, records in (("train", chosen), ("test", parts["test"])):
        (work / f"news-{name}.jsonl").write_text("".join(_rows(records)), encoding="utf-8")


def _rows(records: Iterable[Any]) -> Iterable[str]:
    for record in records:
        yield json.dumps({"text": " ".join(record.text.split()[:NEWS_WORDS]), "label": record.label}) + "\n"


def main() -> None:
    """`python -m benchmarks.finetune.own --data FOLDER --set trec`: one set, quickly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", choices=[each.name for each in (*TEXTS, *ENTITIES)], default="trec")
    chosen = parser.parse_args()
    kinds = ("sequence_classification", "classification"), ("token_classification", "entities")
    with tempfile.TemporaryDirectory(prefix="bench-own-") as folder:
        setting = Setting(data=chosen.data, work=Path(folder), quick=True)
        for sets, (objective, task) in zip((TEXTS, ENTITIES), kinds, strict=True):
            wanted = [each for each in sets if each.name == chosen.set]
            for judged in figures(setting, wanted, objective, task) if wanted else []:
                print(judged)


if __name__ == "__main__":
    main()
