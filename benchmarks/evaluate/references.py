"""Our metrics beside seqeval, scikit-learn and rouge-score on random inputs: nothing may differ but rounding.

`python -m benchmarks.evaluate.references tests/metrics/references.json` writes some cases with the references' figures,
which the tests then compare without the references.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.evaluate.harness import REQUIREMENTS
from benchmarks.line import Judged, Setting
from benchmarks.process import peer, peer_version

CASES, QUICK_CASES, STORED_CASES = 2000, 200, 12
ROUNDING = 1e-9
TYPES = ("person", "place", "work")
WORDS = [
    "the",
    "a",
    "An",
    "cat",
    "dog",
    "ran.",
    "home,",
    "12",
    "1,000",
    "don't",
    "naïve",
    "big-red",
    "U.S.",
    "of",
    "quickly!",
    "<b>",
    "über",
]

Case = dict[str, Any]


def references(setting: Setting) -> list[Judged]:
    """The number of cases in which a figure differs, by reference."""
    number = QUICK_CASES if setting.quick else CASES
    judged = []
    for name, (draw, ours, theirs, distribution) in KINDS.items():
        cases = [draw(np.random.default_rng([7, seed])) for seed in range(number)]
        wanted, version = theirs(cases)
        wrong, largest = 0, 0.0
        for case, expected in zip(cases, wanted, strict=True):
            found = ours(case)
            assert found.keys() == expected.keys(), (found, expected)
            distance = max(abs(found[key] - expected[key]) for key in expected)
            largest, wrong = max(largest, distance), wrong + (distance > ROUNDING)
        judged.append(
            Judged(
                name=f"references-{name}",
                figure=wrong,
                unit="cases",
                bar=0,
                at_least=False,
                peer=distribution,
                peer_version=version,
                note=f"{number:,} random cases, {len(wanted[0])} figures each; largest distance {largest:.0e}",
            )
        )
    return judged


# --- Entities: seqeval -----------------------------------------------------------------------------------------------


def draw_tags(draws: np.random.Generator) -> Case:
    """Sentences of random tags, so most break the scheme: the readings differ there."""

    def tags(length: int) -> list[str]:
        prefixes = draws.choice(["B", "I", "O"], length, p=[0.3, 0.4, 0.3])
        return ["O" if p == "O" else f"{p}-{draws.choice(TYPES)}" for p in prefixes]

    lengths = draws.integers(1, 9, draws.integers(1, 7)).tolist()
    gold = [tags(length) for length in lengths]
    # Half of the tags are right, as a model's are.
    predicted = [
        [g if draws.random() < 0.5 else o for g, o in zip(each, tags(len(each)), strict=True)] for each in gold
    ]
    return {"gold": gold, "predicted": predicted}


def our_entities(case: Case) -> dict[str, float]:
    from firstwords.metrics.metrics.entity_score import EntityScore

    modes: tuple[Any, ...] = ("default", "strict")
    scores: tuple[Any, ...] = ("f1", "precision", "recall")
    found = {f"{mode} {score}": EntityScore(mode=mode, score=score).value(case) for mode in modes for score in scores}
    for each in TYPES:
        found[f"default f1 {each}"] = EntityScore(type=each).value(case)
    return found


def seqeval_entities(cases: list[Case]) -> tuple[list[dict[str, float]], str]:
    import importlib.metadata

    from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
    from seqeval.scheme import IOB2

    functions = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    found = []
    for case in cases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a score of nothing is 0, which it says each time
            both = (case["gold"], case["predicted"])
            figures = {f"default {name}": float(f(*both)) for name, f in functions.items()}
            figures |= {f"strict {name}": float(f(*both, mode="strict", scheme=IOB2)) for name, f in functions.items()}
            # A report of no entities at all is refused by it.
            named = any(tag != "O" for side in both for tags in side for tag in tags)
            report = classification_report(*both, output_dict=True) if named else {}
            for each in TYPES:
                figures[f"default f1 {each}"] = float(report.get(each, {}).get("f1-score", 0.0))
        found.append(figures)
    return found, importlib.metadata.version("seqeval")


# --- Labels: scikit-learn --------------------------------------------------------------------------------------------


def draw_labels(draws: np.random.Generator) -> Case:
    labels = [f"label{n}" for n in range(draws.integers(2, 6))]
    number = int(draws.integers(5, 80))
    shares = draws.dirichlet(np.ones(len(labels)))
    gold = draws.choice(len(labels), number, p=shares)
    logits = draws.normal(0, 2, (number, len(labels)))
    logits[np.arange(number), gold] += 1.0
    table = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return {
        "labels": labels,
        "gold": [labels[n] for n in gold],
        "predicted": [labels[n] for n in table.argmax(1)],
        "log_probabilities": np.log(table).tolist(),
    }


def our_labels(case: Case) -> dict[str, float]:
    from firstwords.evaluation.label_probabilities import columns
    from firstwords.metrics.metrics.accuracy import Accuracy
    from firstwords.metrics.metrics.brier import Brier
    from firstwords.metrics.metrics.macro_f1 import MacroF1
    from firstwords.metrics.metrics.matthews_correlation import MatthewsCorrelation
    from firstwords.metrics.metrics.micro_f1 import MicroF1
    from firstwords.metrics.metrics.negative_log_likelihood import NegativeLogLikelihood
    from firstwords.metrics.ranking import auc

    answers = [dict(zip(case["labels"], row, strict=True)) for row in case["log_probabilities"]]
    items = columns(case["gold"], answers)
    metrics = (Accuracy(), MacroF1(), MicroF1(), MatthewsCorrelation(), Brier(), NegativeLogLikelihood())
    found = {metric.name: metric.value(items) for metric in metrics}
    positive = [label == case["labels"][0] for label in case["gold"]]
    if any(positive) and not all(positive):
        found["auc"] = auc(positive, np.array(case["log_probabilities"])[:, 0])
    return found


def sklearn_labels(cases: list[Case]) -> tuple[list[dict[str, float]], str]:
    import sklearn
    from sklearn import metrics

    found = []
    for case in cases:
        gold, predicted, labels = case["gold"], case["predicted"], case["labels"]
        table = np.exp(np.array(case["log_probabilities"]))
        places = np.array([labels.index(each) for each in gold])
        truth = np.eye(len(labels))[places]
        figures = {
            "accuracy": metrics.accuracy_score(gold, predicted),
            "macro_f1": metrics.f1_score(gold, predicted, average="macro"),
            "micro_f1": metrics.f1_score(gold, predicted, average="micro"),
            "matthews_correlation": metrics.matthews_corrcoef(gold, predicted),
            # Its Brier score of one label against the rest, added up over the labels.
            "brier": sum(
                metrics.mean_squared_error(truth[:, column], table[:, column]) for column in range(len(labels))
            ),
            "negative_log_likelihood": metrics.log_loss(gold, table / table.sum(1, keepdims=True), labels=labels),
        }
        positive = places == 0
        if positive.any() and not positive.all():
            figures["auc"] = metrics.roc_auc_score(positive, table[:, 0])
        found.append({name: float(value) for name, value in figures.items()})
    return found, sklearn.__version__


# --- Texts: rouge-score ----------------------------------------------------------------------------------------------


def draw_texts(draws: np.random.Generator) -> Case:
    wanted = draws.choice(WORDS, draws.integers(0, 25)).tolist()
    kept = [word for word in wanted if draws.random() < 0.7]
    return {"wanted": " ".join(wanted), "given": " ".join([*kept, *draws.choice(WORDS, draws.integers(0, 9))])}


def our_texts(case: Case) -> dict[str, float]:
    from firstwords.metrics.metrics.rouge import Rouge

    kinds: tuple[Any, ...] = ("1", "2", "L")
    items = {"gold": [case["wanted"]], "predicted": [case["given"]]}
    return {f"rouge{kind}": Rouge(kind=kind).value(items) for kind in kinds}


def rouge_texts(cases: list[Case]) -> tuple[list[dict[str, float]], str]:
    python = peer("lm-eval", REQUIREMENTS)
    script = Path(__file__).parent / "peers/rouge_run.py"
    asked = json.dumps([[case["wanted"], case["given"]] for case in cases])
    told = subprocess.run([str(python), str(script)], input=asked, capture_output=True, text=True, check=True)
    found = [dict(zip(("rouge1", "rouge2", "rougeL"), row, strict=True)) for row in json.loads(told.stdout)]
    return found, peer_version(python, "rouge-score")


Kind = tuple[
    Callable[[np.random.Generator], Case],
    Callable[[Case], dict[str, float]],
    Callable[[list[Case]], tuple[list[dict[str, float]], str]],
    str,
]
KINDS: dict[str, Kind] = {
    "entities": (draw_tags, our_entities, seqeval_entities, "seqeval"),
    "labels": (draw_labels, our_labels, sklearn_labels, "scikit-learn"),
    "texts": (draw_texts, our_texts, rouge_texts, "rouge-score"),
}


def store(place: Path) -> None:
    """Write a few cases with the references' figures."""
    stored = {}
    for name, (draw, _, theirs, distribution) in KINDS.items():
        cases = [draw(np.random.default_rng([8, seed])) for seed in range(STORED_CASES)]
        wanted, version = theirs(cases)
        stored[name] = {"reference": f"{distribution} {version}", "cases": cases, "figures": wanted}
    place.write_text(json.dumps(stored, ensure_ascii=False, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    store(Path(sys.argv[1]))
