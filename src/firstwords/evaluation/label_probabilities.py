"""Probabilities of labels as answers: the columns and further facts that scores of classifiers are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from firstwords.metrics.metric import Items

Answer = Mapping[str, float]
"""Log-probability, in nats, of each label; one that is missing is impossible."""


def certain(label: str) -> Answer:
    """The answer of someone who has no doubt."""
    return {label: 0.0}


def columns(gold: Sequence[str], answers: Sequence[Answer]) -> dict[str, list[Any]]:
    """Columns `gold`, `predicted`, `confidence`, `squared_error`, `nats`, `labels` and `log_probabilities` (lists)."""
    best = [max(answer, key=lambda label: answer[label]) for answer in answers]
    errors = []
    for label, answer in zip(gold, answers, strict=True):
        known = {name: math.exp(value) for name, value in answer.items()}
        errors.append(
            sum((share - (name == label)) ** 2 for name, share in known.items()) + (0.0 if label in known else 1.0)
        )
    return {
        "gold": list(gold),
        "predicted": best,
        "confidence": [min(1.0, math.exp(answer[label])) for label, answer in zip(best, answers, strict=True)],
        "squared_error": errors,
        "nats": [-answer.get(label, -math.inf) + 0.0 for label, answer in zip(gold, answers, strict=True)],
        "labels": [list(answer) for answer in answers],
        "log_probabilities": [list(answer.values()) for answer in answers],
    }


def answers_of(model: Any, texts: Sequence[str | tuple[str, str]], at_once: int, told: Any) -> list[Answer]:
    """What a classifier says of texts.

    Args:
        model: A `LanguageModel` with a sequence head.
        texts: Single ones, or pairs where it learnt pairs.
        at_once: So many between two calls of `told`.
        told: Called with how many are done, and how many there are.
    """
    found: list[Answer] = []
    for start in range(0, len(texts), at_once):
        table = model.label_log_probabilities(texts[start : start + at_once])
        found += [dict(zip(model.labels, row, strict=True)) for row in table.tolist()]
        told(len(found), len(texts))
    return found


def confusion_and_auc(items: Items) -> dict[str, Any]:
    """The confusion matrix, and the area under the ROC curve (of more than two labels the mean of each against the
    rest, without an interval), where all answers know the same labels and at least two occur.
    """
    from firstwords.metrics.classification import confusion
    from firstwords.metrics.ranking import auc_interval, mean_auc

    labels, matrix = confusion(items["gold"], items["predicted"])
    found: dict[str, Any] = {"confusion": {"labels": labels, "matrix": matrix.tolist()}}
    known = items["labels"][0]
    occurring = set(items["gold"])
    if any(each != known for each in items["labels"]) or len(occurring & set(known)) < 2:
        return found
    table = np.asarray(items["log_probabilities"], dtype=np.float64)
    if len(known) == 2:
        positive = [label == known[1] for label in items["gold"]]
        # One column minus the other: where both probabilities round to 0 and 1 their order is still told.
        area = auc_interval(positive, table[:, 1] - table[:, 0], groups=items["group"], num_resamples=1000)
        return found | {"auc": {"value": area.value, "low": area.low, "high": area.high}}
    return found | {"auc": {"value": mean_auc(items["gold"], np.exp(table), known)}}
