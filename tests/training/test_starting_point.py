"""What a fine-tuning begins with, for labels, for a kept head and for conversations."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.conversation import ChatRecord
from firstwords.data.dataset import TextRecord
from firstwords.errors import RecipeError
from firstwords.training import starting_point
from firstwords.training.objectives.in_context import InContext
from firstwords.training.objectives.instruction import Instruction
from firstwords.training.objectives.sequence_classification import SequenceClassification

TINY = runpy.run_path(str(Path(__file__).parents[1] / "stages" / "test_finetune.py"))
PARTS = {
    "train": [TextRecord(f"t#{n}", f"t#{n}", f"{n} list name", "ab"[n % 2]) for n in range(6)],
    "validation": [TextRecord("v#0", "v#0", "the error", "a")],
}


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    root = tmp_path_factory.mktemp("bases")
    return {causal: TINY["make_base"](root / str(causal), causal=causal).path("model") for causal in (True, False)}


def test_a_new_head_is_another_one_for_every_seed(bases):
    objective = SequenceClassification()
    start = starting_point.labelled(bases[False], objective, PARTS, ["a", "b"], "table")
    assert [len(start.rows[part]) for part in PARTS] == [6, 1]
    assert [row.labels for row in start.rows["train"]] == [0, 1] * 3
    first, again, other = (start.make(objective, seed) for seed in (1, 1, 2))
    same = [np.array_equal(a.detach(), b.detach()) for a, b in zip(first.parameters(), again.parameters(), strict=True)]
    assert all(same) and first is not again
    differing = [
        name
        for (name, a), b in zip(first.named_parameters(), other.parameters(), strict=True)
        if not np.array_equal(a.detach(), b.detach())
    ]
    assert differing and all(name.startswith("head.") for name in differing)


def test_a_record_that_is_no_example_is_named(bases):
    with pytest.raises(RecipeError, match="table: t#0: .a. is not among"):
        starting_point.labelled(bases[False], SequenceClassification(), PARTS, ["b"], "table")


def test_a_kept_head_needs_a_causal_base(bases):
    with pytest.raises(RecipeError, match="is no causal language model"):
        starting_point.labelled(bases[False], InContext(), {"train": []}, [], "task_mixture")


def test_conversations_begin_with_a_template(bases, tmp_path):
    told = []
    record = ChatRecord("c#0", "c#0", (("user", "the list"), ("assistant", "a name")))
    start = starting_point.conversations(
        bases[True], Instruction(), {"train": [record]}, scratch=tmp_path, seed=0, tell=told.append
    )
    assert start.tokenizer.template is not None and start.tokenizer_folder != bases[True]
    assert len(start.rows["train"]) == 1
    model = start.make(Instruction(), 3)
    assert model.config.vocab_size == start.config.vocab_size
