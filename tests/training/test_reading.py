"""Settings decide what a step reads."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.compute.engines.single import Single
from firstwords.errors import RecipeError
from firstwords.training.reading import make_loader
from firstwords.training.settings import TrainSettings

TINY = runpy.run_path(str(Path(__file__).parent / "tiny_run.py"))


def loader(**changed):
    return make_loader(TINY["make_rows"](), TrainSettings(**(TINY["SETTINGS"] | changed)), Single())


def test_batches_and_contexts_grow():
    made = loader(first_batch_share=0.25, first_context=8, context_growth_share=0.5)
    steps = [made.micro_batches(step) for step in range(made.num_steps)]
    tokens = [sum(micro.num_tokens for micro in step) for step in steps]
    longest = [max(int(np.diff(e.document_bounds).max()) for micro in step for e in micro.examples) for step in steps]
    assert tokens[0] == 64
    assert tokens[-1] == 256
    assert sum(tokens) == 50 * 256
    shares = made.starts[:-1] / made.num_positions
    assert max(longest[i] for i in np.flatnonzero(shares < 0.25)) == 8
    assert max(longest[i] for i in np.flatnonzero((shares >= 0.25) & (shares < 0.5))) == 16
    assert min(longest[i] for i in np.flatnonzero(shares >= 0.5)) > 16


def test_labelled_texts_are_not_cut():
    with pytest.raises(RecipeError, match="first_context"):
        loader(first_context=8, batch_tokens=None, batch_examples=4)


def test_short_rows_can_come_first():
    plain, ordered = loader(), loader(order="short_first")
    assert plain.keys(0) != ordered.keys(0)
    assert sorted(key for step in range(5) for key in plain.keys(step)) == sorted(
        key for step in range(5) for key in ordered.keys(step)
    )
