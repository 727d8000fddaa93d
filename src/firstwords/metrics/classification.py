"""Accuracy, macro-averaged F1 and the confusion matrix of single-label classification."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Share of items whose predicted label is the gold one.

    Raises:
        ValueError: If there are no items or the lengths differ.
    """
    _check(gold, predicted)
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold)


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Mean F1 over all labels that occur as gold or as predicted (scikit-learn's `average="macro"`).

    Raises:
        ValueError: If there are no items or the lengths differ.
    """
    _check(gold, predicted)
    labels = sorted(set(gold) | set(predicted))
    return float(macro_f1_from_counts(label_counts(gold, predicted, labels).sum(axis=0)))


def confusion(
    gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str] | None = None
) -> tuple[list[str], NDArray[np.int64]]:
    """Labels and how often each gold label (row) got each predicted one (column): (L, L).

    Args:
        gold: True labels.
        predicted: Given labels.
        labels: Order of rows and columns; default: all that occur, sorted.

    Raises:
        ValueError: If there are no items, the lengths differ, or a label is missing from `labels`.
    """
    _check(gold, predicted)
    order = sorted(set(gold) | set(predicted)) if labels is None else list(labels)
    index = {label: i for i, label in enumerate(order)}
    unknown = sorted((set(gold) | set(predicted)) - set(index))
    if unknown:
        raise ValueError(f"labels {unknown} occur but are not among {order}")
    matrix = np.zeros((len(order), len(order)), dtype=np.int64)
    np.add.at(matrix, ([index[g] for g in gold], [index[p] for p in predicted]), 1)
    return order, matrix


def label_counts(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Floats:
    """What each item adds to the counts that macro-F1 needs.

    Returns:
        (N, 3 L): for every label whether it is matched, whether it is gold, whether it is predicted.
    """
    index = {label: i for i, label in enumerate(labels)}
    items = np.arange(len(gold))
    is_gold = np.zeros((len(gold), len(labels)))
    is_predicted = np.zeros_like(is_gold)
    is_gold[items, [index[g] for g in gold]] = 1
    is_predicted[items, [index[p] for p in predicted]] = 1
    return np.concatenate([is_gold * is_predicted, is_gold, is_predicted], axis=1)


def macro_f1_from_counts(sums: Floats) -> Floats:
    """Macro-F1 from summed `label_counts` (..., 3 L): (...). Labels that do not occur in the sums do not count."""
    matched, gold, predicted = np.split(np.asarray(sums, dtype=np.float64), 3, axis=-1)
    occurrences = gold + predicted
    f1 = 2 * matched / np.maximum(occurrences, 1)
    return np.asarray(f1.sum(axis=-1) / np.maximum((occurrences > 0).sum(axis=-1), 1))


def _check(gold: Sequence[str], predicted: Sequence[str]) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold labels but {len(predicted)} predicted ones")
    if not len(gold):
        raise ValueError("no items: accuracy and F1 of nothing are undefined")
