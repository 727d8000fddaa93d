import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.training.several_labels import best_threshold, label_weights, several_labels_loss, several_labels_scores


def test_the_loss_is_the_mean_over_labels_summed_over_texts() -> None:
    scores, targets = torch.tensor([[0.0, 2.0], [1.0, -1.0]]), torch.tensor([[1, 0], [0, 1]])
    p = scores.sigmoid()
    losses = -(targets * p.log() + (1 - targets) * (1 - p).log())
    assert torch.isclose(several_labels_loss(scores, targets, None), losses.mean(1).sum())
    heavier = -(targets * torch.tensor([3.0, 1.0]) * p.log() + (1 - targets) * (1 - p).log())
    assert torch.isclose(several_labels_loss(scores, targets, (3.0, 1.0)), heavier.mean(1).sum())


def test_rare_labels_weigh_more_but_not_endlessly() -> None:
    targets = np.zeros((1000, 3), dtype=bool)
    targets[:1, 0], targets[:100, 1], targets[:600, 2] = True, True, True
    assert label_weights(targets, 0.5) == (10.0, 3.0, 1.0)


def test_the_threshold_is_the_best_one_nearest_to_a_half() -> None:
    targets = np.array([[True], [True], [False], [False]])
    assert best_threshold(np.array([[0.9], [0.3], [0.2], [0.1]]), targets) == pytest.approx(0.3)
    assert best_threshold(np.array([[0.9], [0.8], [0.2], [0.1]]), targets) == pytest.approx(0.5)


@given(st.integers(1, 20), st.integers(1, 4), st.integers(0, 2**16))
def test_scores_are_those_of_scikit_learn(rows, columns, seed) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    chance = np.random.default_rng(seed)
    gold, found = (chance.random((rows, columns)) < 0.4 for _ in range(2))
    ours = several_labels_scores(gold, found)
    for average in ("micro", "macro"):
        # One column is a single yes-or-no label to scikit-learn unless it is asked about the yes alone.
        if columns > 1:
            theirs = f1_score(gold, found, average=average, zero_division=0.0)
        else:
            theirs = f1_score(gold[:, 0], found[:, 0], zero_division=0.0)
        assert ours[f"{average}_f1"] == pytest.approx(theirs)
    assert ours["accuracy"] == accuracy_score(gold, found)
