"""Both kinds of rows are predicted as they should be, from states that stand one place before."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.training.batch import Draws
from firstwords.training.objectives.causal_lm import CausalLM
from firstwords.training.objectives.hybrid_lm import HybridLM
from firstwords.training.objectives.masked_lm import MaskedLM

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))
END, MASK, T = TINY["END"], TINY["MASK"], TINY["ROW_TOKENS"]
MODEL = TINY["make_model"](HybridLM(), torch.float64)
ROWS = TINY["make_rows"](8)


def collate(objective, rows=ROWS, epoch=0, evaluating=False):
    draws = Draws(0, tuple((epoch, row.row) for row in rows), evaluating)
    return objective.collate(rows, draws, MODEL.config), draws


def test_rows_take_turns_in_the_share_that_was_asked_for():
    for share in (0.0, 0.25, 0.5, 0.75, 15 / 16, 1.0):
        objective = HybridLM(masked_rows=share)
        assert sum(objective.is_masked(0, row) for row in range(160)) == round(160 * share)
    half = HybridLM(masked_rows=0.5)
    assert all(half.is_masked(0, row) != half.is_masked(1, row) for row in range(10))


def test_causal_rows_come_first_and_are_whole():
    batch, _ = collate(HybridLM(masked_rows=0.5))
    causal = [row for row in ROWS if not HybridLM(masked_rows=0.5).is_masked(0, row.row)]
    assert batch.num_causal == 2 * len(causal) == 8  # two documents a row
    tokens = len(causal) * T
    assert batch.input_ids[:tokens].tolist() == np.concatenate([row.input_ids for row in causal]).tolist()
    assert batch.labels[:tokens].tolist() == np.concatenate([row.labels for row in causal]).tolist()
    assert (batch.input_ids[tokens:] == MASK).any()


def test_a_masked_token_is_asked_for_one_place_before_it_in_its_own_document():
    batch, _ = collate(HybridLM(masked_rows=1.0, masked=MaskedLM(random_share=0.0, kept_share=0.0)))
    assert batch.num_causal == 0
    truth = np.concatenate([row.input_ids for row in ROWS])
    hidden = batch.input_ids.numpy() == MASK
    asked = batch.labels.numpy() != -100
    assert (np.flatnonzero(hidden) - 1).tolist() == np.flatnonzero(asked).tolist()
    assert (batch.labels.numpy()[asked] == truth[hidden]).all()
    starts = batch.bounds[:-1].numpy()
    assert not hidden[starts].any()  # also where a row begins inside of a document
    labels = np.concatenate([row.labels for row in ROWS])
    assert (batch.labels.numpy()[asked] == labels[asked]).all()  # as a causal model would be asked there


def test_the_loss_is_that_of_its_two_halves():
    objective = HybridLM(masked_rows=0.5, z_loss=0.0)
    total, count = objective.loss(MODEL, *collate(objective))
    causal = [row for row in ROWS if not objective.is_masked(0, row.row)]
    masked = [row for row in ROWS if objective.is_masked(0, row.row)]
    first = CausalLM(z_loss=0.0)
    one, one_count = first.loss(MODEL, *collate(first, causal))
    both = HybridLM(masked_rows=1.0, z_loss=0.0)
    two, two_count = both.loss(MODEL, *collate(both, masked))
    assert int(count) == int(one_count + two_count)
    assert float(total) == pytest.approx(float(one + two), rel=1e-12)


def test_it_is_measured_in_both_senses_on_all_rows():
    senses = HybridLM(masked_rows=0.75).measured()
    assert list(senses) == ["", "masked_"]
    causal, _ = collate(senses[""], evaluating=True)
    masked, _ = collate(senses["masked_"], evaluating=True)
    assert causal.num_causal == 16 and (causal.labels != -100).all()
    assert masked.num_causal == 0
    inner = [np.setdiff1d(range(T), row.bounds[:-1]) for row in ROWS]
    each = [round(0.15 * np.count_nonzero(row.input_ids[at] != END)) for row, at in zip(ROWS, inner, strict=True)]
    assert (masked.labels != -100).sum() == sum(each)


def test_the_share_of_predicted_tokens_is_told():
    assert HybridLM(masked_rows=0.5).predicted_share == pytest.approx(0.65)
    assert HybridLM(masked_rows=0.5, masked=MaskedLM(final_share=0.1)).predicted_share == pytest.approx(0.6)


def test_an_impossible_share_is_refused():
    with pytest.raises(ValueError, match="masked_rows"):
        HybridLM(masked_rows=1.5)
