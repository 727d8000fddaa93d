import runpy
from pathlib import Path

import pytest

from firstwords.errors import RecipeError
from firstwords.inference.foreign import load_checkpoint

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))


def test_a_layout_of_ours_is_computed_here(tmp_path):
    model, who = load_checkpoint(TINY["causal_model"](tmp_path).path("model"))
    assert who == "firstwords" and model.task == "language_model"


def test_a_folder_that_nobody_can_read_is_refused_with_both_reasons(tmp_path):
    with pytest.raises(RecipeError, match=r"config\.json.*As a model of transformers"):
        load_checkpoint(tmp_path)
