"""Every token is predicted from its own document, the first one from the end mark."""

import math
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.errors import RecipeError
from firstwords.training.batch import Draws, Example
from firstwords.training.objectives.causal_lm import CausalLM

TINY = runpy.run_path(str(Path(__file__).parents[1] / "tiny_run.py"))
END = TINY["END"]
DRAWS = Draws(0, ((0, 0),), evaluating=True)


def collate(*rows):
    """Rows of words and the places where documents begin."""
    examples = [
        Example(np.array([END, *words[:-1]], np.int32), np.array(words, np.int32), np.array(bounds))
        for words, bounds in rows
    ]
    return CausalLM().collate(examples, DRAWS, TINY["make_model"](CausalLM()).config)


def test_rows_lie_one_after_another():
    batch = collate(([5, 6, END, 8], [0, 3, 4]), ([9, 10], [0, 2]))
    assert batch.input_ids.tolist() == [END, 5, 6, END, END, 9]
    assert batch.labels.tolist() == [5, 6, END, 8, 9, 10]
    assert batch.bounds.tolist() == [0, 3, 4, 6]


def test_a_document_does_not_see_the_one_before():
    model = TINY["make_model"](CausalLM(), torch.float64)
    for parameter in model.parameters():  # output projections start at zero, where nothing could be seen
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0))
    together = model(collate(([5, 6, END, 8, 9], [0, 3, 5])))
    alone = model(collate(([8, 9], [0, 2])))
    assert torch.allclose(together[3:], alone, rtol=0, atol=1e-12)


def test_a_new_model_is_as_good_as_chance():
    model = TINY["make_model"](CausalLM())
    batch = collate(([5, 6, 7, 8], [0, 4]))
    total, count = CausalLM().loss(model, batch, DRAWS)
    assert count == 4
    assert total.item() / 4 == pytest.approx(math.log(64), abs=0.1)


def test_regularisation_only_while_training():
    model = TINY["make_model"](CausalLM())
    batch = collate(([5, 6, 7, 8], [0, 4]))
    plain, _ = CausalLM(z_loss=0.0).loss(model, batch, Draws(0, ((0, 0),)))
    with_z, _ = CausalLM(z_loss=0.01).loss(model, batch, Draws(0, ((0, 0),)))
    measured, _ = CausalLM(z_loss=0.01).loss(model, batch, DRAWS)
    logits = model(batch, select=torch.arange(4))
    assert measured == plain
    assert with_z.item() == pytest.approx(plain.item() + 0.01 * logits.logsumexp(1).square().sum().item(), rel=1e-5)


def test_labelled_records_are_refused():
    with pytest.raises(NotImplementedError, match="packed token rows"):
        CausalLM().encode("text", None, [], 8)


def test_some_pieces_are_rearranged_to_fill_in_the_middle_while_training_only():
    config, rows = TINY["make_model"](CausalLM()).config, TINY["make_rows"]()
    keys = tuple((0, row.row) for row in rows)
    objective = CausalLM(infilling_rate=0.5)
    batch = objective.collate(rows, Draws(0, keys), config)
    marked = (batch.input_ids == config.infilling_id).view(len(rows), -1)
    assert 0.3 < marked.any(dim=1).double().mean() < 1.0
    assert not (batch.labels[marked.view(-1)] == config.infilling_id).any()
    assert batch.bounds.tolist() == CausalLM().collate(rows, Draws(0, keys), config).bounds.tolist()
    again = objective.collate(rows[5:9], Draws(0, keys[5:9]), config)
    tokens = TINY["ROW_TOKENS"]
    assert (again.input_ids == batch.input_ids[5 * tokens : 9 * tokens]).all()  # whatever stands beside it
    evaluated = objective.collate(rows, Draws(0, keys, evaluating=True), config)
    assert (evaluated.input_ids == CausalLM().collate(rows, Draws(0, keys), config).input_ids).all()


def test_infilling_needs_its_tokens():
    config = replace(TINY["make_model"](CausalLM()).config, infilling_id=None)
    CausalLM().check(config)
    with pytest.raises(RecipeError, match="infilling = true"):
        CausalLM(infilling_rate=0.5).check(config)
    with pytest.raises(ValueError, match="infilling_rate"):
        CausalLM(infilling_rate=1.5)
