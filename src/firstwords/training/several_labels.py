"""Texts that may have any number of labels: loss, threshold and scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

# Of a threshold: fine enough that no text is decided by its coarseness, coarse enough not to fit single texts.
GRID = np.round(np.arange(0.05, 0.96, 0.05), 2)
# A label in one of a thousand texts must not count a thousand times.
MOST_WEIGHT = 10.0


def label_weights(targets: np.ndarray, balance: float) -> tuple[float, ...]:
    """How much having a label counts beside not having it: (texts without it / texts with it) to a power, 1 to 10.

    Args:
        targets: (E, K) booleans.
        balance: The power.
    """
    positive = targets.sum(axis=0)
    ratios = (len(targets) - positive) / np.maximum(positive, 1)
    return tuple(round(float(each), 4) for each in np.clip(ratios**balance, 1.0, MOST_WEIGHT))


def several_labels_loss(scores: Tensor, targets: Tensor, weights: Sequence[float] | None) -> Tensor:
    """Summed over texts: the mean binary cross-entropy of the labels, in nats.

    Args:
        scores: (E, K) logits.
        targets: (E, K), 1 where the text has the label.
        weights: K, of having each label; None = 1.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits

    heavier = None if weights is None else scores.new_tensor(weights)
    losses = binary_cross_entropy_with_logits(scores, targets.to(scores.dtype), reduction="none", pos_weight=heavier)
    return losses.mean(dim=1).sum()


def best_threshold(probabilities: np.ndarray, targets: np.ndarray) -> float:
    """The threshold of `GRID` with the highest micro-averaged F1; the one nearest to 0.5 among equals.

    One for all labels: on few validation texts a threshold for each fits what is accidental.

    Args:
        probabilities: (E, K).
        targets: (E, K) booleans.
    """
    scores = [several_labels_scores(targets, probabilities >= each)["micro_f1"] for each in GRID]
    best = [each for each, score in zip(GRID, scores, strict=True) if score == max(scores)]
    return float(min(best, key=lambda each: abs(each - 0.5)))


def several_labels_scores(gold: Any, predicted: Any) -> dict[str, float]:
    """Micro- and macro-averaged F1 over labels (0 where a label neither is nor is found), and the share of exact sets.

    Args:
        gold: (E, K) booleans.
        predicted: (E, K) booleans.
    """
    truth, found = np.asarray(gold, dtype=bool), np.asarray(predicted, dtype=bool)
    right, total = (truth & found).sum(axis=0), truth.sum(axis=0) + found.sum(axis=0)  # (K,)
    return {
        "micro_f1": float(2 * right.sum() / max(1, total.sum())),
        "macro_f1": float(np.mean(2 * right / np.maximum(1, total))),
        "accuracy": float((truth == found).all(axis=1).mean()),
    }
