"""An exact share of a row is masked, always in the same way."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.training.batch import Draws, Example
from firstwords.training.objectives.masked_lm import MaskedLM

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))
END, MASK = TINY["END"], TINY["MASK"]
CONFIG = TINY["make_model"](MaskedLM()).config


def long_row(row=0, length=2000):
    words = np.random.default_rng(row).integers(3, 64, length).astype(np.int32)
    words[::100] = END
    return Example(words, row=row)


def collate(rows, draws=None, **fields):
    draws = draws or Draws(0, tuple((0, row.row) for row in rows))
    return MaskedLM(**fields).collate(rows, draws, CONFIG)


def test_the_share_is_exact_and_special_tokens_are_never_masked():
    row = long_row()
    batch = collate([row])
    masked = (batch.labels != -100).numpy()
    assert masked.sum() == round(0.3 * (2000 - 20))
    assert not masked[::100].any()
    assert (batch.labels.numpy()[masked] == row.input_ids[masked]).all()
    assert (batch.input_ids.numpy()[~masked] == row.input_ids[~masked]).all()


def test_most_are_hidden_some_are_wrong_some_are_kept():
    row = long_row()
    batch = collate([row])
    masked = (batch.labels != -100).numpy()
    seen, truth = batch.input_ids.numpy()[masked], row.input_ids[masked]
    assert (seen == MASK).mean() == pytest.approx(0.8, abs=0.05)
    assert (seen == truth).mean() == pytest.approx(0.1, abs=0.05)
    assert not np.isin(seen, [0, END]).any()


def test_all_mask():
    batch = collate([long_row()], random_share=0.0, kept_share=0.0)
    assert (batch.input_ids[batch.labels != -100] == MASK).all()


def test_evaluation_masks_half_as_many_always_the_same():
    draws = [Draws(0, ((epoch, 0),), evaluating=True) for epoch in (0, 3)]
    first, second = (collate([long_row()], draw) for draw in draws)
    assert (first.labels != -100).sum() == round(0.15 * 1980)
    assert (first.input_ids == second.input_ids).all()


def test_a_row_is_masked_alike_in_any_company_and_otherwise_in_another_epoch():
    alone = collate([long_row(5)])
    together = collate([long_row(4), long_row(5)])
    assert (together.input_ids[2000:] == alone.input_ids).all()
    later = collate([long_row(5)], Draws(0, ((1, 5),)))
    assert (later.input_ids != alone.input_ids).any()


def test_a_short_row_still_has_something_to_predict():
    assert (collate([Example(np.array([5, END], np.int32))]).labels != -100).sum() == 1
    assert (collate([Example(np.array([END, END], np.int32))]).labels != -100).sum() == 0


def test_the_loss_counts_masked_tokens_only():
    model = TINY["make_model"](MaskedLM())
    row = Example(long_row().input_ids[:32])
    batch = collate([row])
    total, count = MaskedLM().loss(model, batch, Draws(0, ((0, 0),)))
    assert count == (batch.labels != -100).sum()
    assert 0 < total / count < 10


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.5}, {"random_share": 0.7, "kept_share": 0.7}])
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ValueError, match="share"):
        MaskedLM(**wrong)
