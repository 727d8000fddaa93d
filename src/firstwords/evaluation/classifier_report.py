"""What a trained n-gram classifier is worth on texts it has not seen, beside TF-IDF weights, and its card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firstwords.data.dataset import TextRecord
from firstwords.data.ngram_classifier import NgramClassifier, probabilities_of
from firstwords.evaluation.baselines import linear_probabilities
from firstwords.metrics.metrics.accuracy import Accuracy
from firstwords.metrics.metrics.macro_f1 import MacroF1
from firstwords.metrics.ranking import auc_interval, mean_auc
from firstwords.metrics.statistics import Interval

THRESHOLDS = (0.3, 0.5, 0.7, 0.9, 0.95)


def report(
    model: NgramClassifier,
    train: Sequence[TextRecord],
    validation: Sequence[TextRecord],
    test: Sequence[TextRecord],
    balanced_baseline: bool = False,
) -> dict[str, Any]:
    """Counts of the parts and, where there is a test part, the figures on it: `scores` of the model and of the
    `baseline` (accuracy, macro-F1 and AUC with 95 % intervals), and `thresholds`: for each label, which share of its
    texts and of the others reaches a probability.
    """
    counts = {
        "labels": dict(sorted(Counter(each.label for each in train).items())),
        "texts": {"train": len(train), "validation": len(validation), "test": len(test)},
    }
    if len({each.label for each in test}) < 2:
        return counts
    gold, groups = [each.label for each in test], [each.group for each in test]
    own = probabilities_of(model, [each.text for each in test])
    labels, theirs = linear_probabilities(train, validation, [each.text for each in test], balanced_baseline)
    return counts | {
        "scores": scores(gold, own, model.labels, groups),
        "baseline": scores(gold, theirs, labels, groups),
        "thresholds": _thresholds(gold, own, model.labels),
    }


def scores(
    gold: Sequence[str], probabilities: NDArray[np.float64], labels: Sequence[str], groups: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Accuracy, macro-F1 and AUC of probabilities, each with its interval over groups of texts. The AUC of more than
    two labels is the mean of each against the rest, without an interval.
    """
    predicted = [labels[index] for index in probabilities.argmax(axis=1)]
    items = {"gold": gold, "predicted": predicted}
    figures = {
        "accuracy": _interval(Accuracy().interval(items, groups)),
        "macro_f1": _interval(MacroF1().interval(items, groups)),
        "auc": {"value": mean_auc(gold, probabilities, labels)},
    }
    if len(labels) == 2:  # of one regression: either label gives the same area
        positive = [each == labels[1] for each in gold]
        figures["auc"] = _interval(auc_interval(positive, probabilities[:, 1], groups=groups))
    return figures


def _interval(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _thresholds(
    gold: Sequence[str], probabilities: NDArray[np.float64], labels: Sequence[str]
) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}
    for index, label in enumerate(labels):
        is_label = np.array([each == label for each in gold])
        column = probabilities[:, index]
        found[label] = {
            f"{threshold:g}": [
                round(float((column[mask] >= threshold).mean()), 4) if mask.any() else float("nan")
                for mask in (is_label, ~is_label)
            ]
            for threshold in THRESHOLDS
        }
    return found


def card(description: str, figures: Mapping[str, Any], limits: str = "") -> str:
    """A page for readers: what the classifier learnt from, its scores and what they do not say."""
    parts = figures["texts"]
    lines = [
        "# A text classifier",
        "",
        description or "No description was given.",
        "",
        f"Trained on {parts['train']:,} texts ({', '.join(f'{n:,} {each}' for each, n in figures['labels'].items())});"
        f" the strength was chosen on {parts['validation']:,}, scores are those on {parts['test']:,} others.",
    ]
    if "scores" in figures:
        lines += ["", "| | this classifier | TF-IDF + logistic regression |", "|---|---|---|"]
        for name, title in (("macro_f1", "macro-F1"), ("accuracy", "accuracy"), ("auc", "AUC")):
            cells = [_cell(figures[side][name]) for side in ("scores", "baseline")]
            lines.append(f"| {title} | {' | '.join(cells)} |")
        lines += ["", "Share of a label's texts, and of all others, that reach a probability:", ""]
        lines += [f"| | {' | '.join(f'≥ {each:g}' for each in THRESHOLDS)} |", "|---" * (len(THRESHOLDS) + 1) + "|"]
        for label, row in figures["thresholds"].items():
            lines.append(f"| {label} | {' | '.join(f'{own:.1%}, {other:.1%}' for own, other in row.values())} |")
    lines += ["", limits or _LIMITS, ""]
    return "\n".join(lines)


def _cell(figure: Mapping[str, float]) -> str:
    interval = f" [{figure['low']:.3f}, {figure['high']:.3f}]" if "low" in figure else ""
    return f"{figure['value']:.3f}{interval}"


_LIMITS = (
    "It knows words and spellings, not meaning: it cannot tell a statement from its quotation or denial. On texts of "
    "another kind, length or language than those it learnt from, its probabilities are guesses; look at what it drops "
    "before trusting it."
)
