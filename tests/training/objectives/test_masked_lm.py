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


def row_of_words(length=2000):
    row = long_row(length=length)
    return Example(row.input_ids, row=row.row, word_starts=np.arange(length) % 3 == 0)


def test_whole_words_are_hidden_whole_and_exactly_as_many():
    batch = collate([row_of_words()], unit="word")
    hidden = (batch.labels != -100).numpy()
    # Words of three, some cut by end-of-text: what is left over at the end is at most two.
    assert 0 <= round(0.3 * 1980) - hidden.sum() <= 2
    whole = hidden[:1998].reshape(-1, 3)
    cut = (row_of_words().input_ids[:1998] == END).reshape(-1, 3).any(axis=1)
    assert (whole[~cut].all(axis=1) | ~whole[~cut].any(axis=1)).all()


def test_the_tokens_of_a_span_share_their_fate():
    batch = collate([row_of_words()], unit="span", random_share=0.0, kept_share=0.5)
    hidden, kept = (batch.labels != -100).numpy(), (batch.input_ids != MASK).numpy()
    assert kept[hidden].mean() == pytest.approx(0.5, abs=0.15)
    changes = np.diff(kept[hidden].astype(int)) != 0
    # Fates change between spans only, of about 3.8 words of 3 tokens.
    assert changes.mean() < 0.15


def test_the_share_moves_evenly_and_ends_where_it_should():
    def share(progress, **fields):
        draws = Draws(0, ((0, 0),), progress=progress)
        return int((collate([long_row()], draws, **fields).labels != -100).sum())

    found = [share(progress, final_share=0.15) for progress in (0.0, 0.4, 0.999)]
    assert found == [round(part * 1980) for part in (0.3, 0.24, 0.3 - 0.15 * 0.999)]
    assert share(0.9) == round(0.3 * 1980)
    assert MaskedLM(final_share=0.15).predicted_share == pytest.approx(0.225)


@pytest.mark.parametrize("fields", [{"unit": "word"}, {"unit": "span"}, {"final_share": 0.1}])
def test_options_leave_the_measured_loss_alone(fields):
    draws = Draws(0, ((0, 0),), evaluating=True, progress=0.7)
    plain, other = (collate([row_of_words()], draws, **each) for each in ({}, fields))
    assert (plain.input_ids == other.input_ids).all() and (plain.labels == other.labels).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 0.0},
        {"share": 1.5},
        {"final_share": 0.0},
        {"random_share": 0.7, "kept_share": 0.7},
        {"span_stop": 1.0},
        {"max_span": 0},
    ],
)
def test_impossible_shares_are_refused(wrong):
    with pytest.raises(ValueError, match="share|span"):
        MaskedLM(**wrong)
