"""Labelled examples are joined without padding; what is hidden depends on seed, epoch and row alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from firstwords.errors import RecipeError
from firstwords.training.batch import Draws, Example
from firstwords.training.labelled import hide, join

MASK = 2
CONFIG = SimpleNamespace(mask_id=MASK)
IDS = [np.arange(10, 1010, dtype=np.int32)] * 3


def draws(epoch, *rows, evaluating=False):
    return Draws(5, tuple((epoch, row) for row in rows), evaluating)


def test_about_the_share_is_hidden_and_the_rest_stays():
    (hidden,) = hide(IDS[:1], draws(0, 0), CONFIG, 0.2)
    masked = hidden == MASK
    assert abs(masked.mean() - 0.2) < 4 * (0.2 * 0.8 / 1000) ** 0.5
    assert (hidden[~masked] == IDS[0][~masked]).all()


def test_a_row_is_hidden_alike_in_any_batch_and_anew_in_every_epoch():
    together = hide(IDS, draws(1, 0, 1, 2), CONFIG, 0.2)
    alone = hide(IDS[2:], draws(1, 2), CONFIG, 0.2)
    assert (together[2] == alone[0]).all()
    assert (together[0] != together[1]).any()
    assert (hide(IDS[2:], draws(2, 2), CONFIG, 0.2)[0] != alone[0]).any()


def test_nothing_is_hidden_while_evaluating():
    assert hide(IDS[:1], draws(0, 0, evaluating=True), CONFIG, 0.5)[0] is IDS[0]


def test_a_base_without_mask_token_hides_nothing_unless_asked():
    without = SimpleNamespace(mask_id=None)
    assert hide(IDS[:1], draws(0, 0), without, None)[0] is IDS[0]
    assert (hide(IDS[:1], draws(0, 0), CONFIG, None)[0] == MASK).any()
    with pytest.raises(RecipeError, match="hidden_share = 0"):
        hide(IDS[:1], draws(0, 0), without, 0.1)


def test_a_batch_knows_which_documents_are_one_example():
    long = Example(np.arange(5, dtype=np.int32), 1, np.array([0, 2, 5]), 0)
    short = Example(np.arange(3, dtype=np.int32), 0, None, 1)
    batch = join([long, short], [long.input_ids, short.input_ids], np.array([1, 0]))
    assert batch.bounds.tolist() == [0, 2, 5, 8]
    assert batch.examples.tolist() == [0, 2, 3]
    assert batch.labels.tolist() == [1, 0]
    assert batch.max_length == 3
