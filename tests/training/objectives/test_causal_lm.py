"""The next token, over the ends of documents, never over the end of a row."""

import math
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.training.batch import Draws, Example
from firstwords.training.objectives.causal_lm import CausalLM

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))
END = TINY["END"]
DRAWS = Draws(0, ((0, 0),), evaluating=True)


def collate(*rows, **changed):
    examples = [Example(np.array(ids, np.int32), bounds=np.array(bounds)) for ids, bounds in rows]
    config = TINY["make_model"](CausalLM()).config
    return CausalLM().collate(examples, DRAWS, config)


def test_labels_are_the_next_tokens():
    batch = collate(([5, 6, 7, 8], [0, 4]), ([9, 10], [0, 2]))
    assert batch.input_ids.tolist() == [5, 6, 7, 8, 9, 10]
    assert batch.labels.tolist() == [6, 7, 8, -100, 10, -100]
    assert batch.bounds.tolist() == [0, 4, 6]


def test_the_end_mark_begins_the_next_document():
    batch = collate(([5, 6, END, 7, 8, END, 9], [0, 3, 6, 7]))
    assert batch.bounds.tolist() == [0, 2, 5, 7]  # [5 6] [END 7 8] [END 9]
    assert batch.labels.tolist() == [6, END, 7, 8, END, 9, -100]  # ends and beginnings are learnt


def test_a_piece_without_an_end_mark_keeps_its_bound():
    assert collate(([5, 6, 7, 8, 9], [0, 3, 5])).bounds.tolist() == [0, 3, 5]


def test_a_row_that_begins_with_an_end_mark_has_no_empty_document():
    assert collate(([END, 5, 6], [0, 1, 3])).bounds.tolist() == [0, 3]


def test_a_new_model_is_as_good_as_chance():
    model = TINY["make_model"](CausalLM())
    batch = collate(([5, 6, 7, 8], [0, 4]))
    total, count = CausalLM().loss(model, batch, DRAWS)
    assert count == 3
    assert total.item() / 3 == pytest.approx(math.log(64), abs=0.1)


def test_regularisation_only_while_training():
    model = TINY["make_model"](CausalLM())
    batch = collate(([5, 6, 7, 8], [0, 4]))
    plain, _ = CausalLM(z_loss=0.0).loss(model, batch, Draws(0, ((0, 0),)))
    with_z, _ = CausalLM(z_loss=0.01).loss(model, batch, Draws(0, ((0, 0),)))
    measured, _ = CausalLM(z_loss=0.01).loss(model, batch, DRAWS)
    logits = model(batch, select=torch.arange(3))
    assert measured == plain
    assert with_z.item() == pytest.approx(plain.item() + 0.01 * logits.logsumexp(1).square().sum().item(), rel=1e-5)


def test_labelled_records_are_refused():
    with pytest.raises(NotImplementedError, match="packed token rows"):
        CausalLM().encode("text", None, [], 8)
