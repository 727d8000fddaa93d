import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.conversation import ChatRecord
from firstwords.errors import RecipeError
from firstwords.training.batch import Example
from firstwords.training.language_base import (
    bytes_per_label,
    encode_parts,
    language_base,
    references,
    tell_ends,
)
from firstwords.training.objectives.instruction import Instruction

TINY = runpy.run_path(str(Path(__file__).parents[1] / "evaluation" / "tiny_artifacts.py"))


def start_of(folder, artifact):
    return language_base(artifact.path("model"), folder / "tokenizer", seed=0)


def test_a_base_gets_marks_once(tmp_path):
    start = start_of(tmp_path, TINY["causal_model"](tmp_path / "b"))
    assert start.num_added == 5
    assert start.config.vocab_size == start.tokenizer.vocab_size == start.model.head.lm_head.weight.shape[0]
    again = start_of(tmp_path / "again", TINY["answering_model"](tmp_path / "a"))
    assert again.num_added == 0
    assert again.tokenizer.template.source == start.tokenizer.template.source


def test_a_masked_model_or_a_classifier_cannot_answer(tmp_path):
    for name in ("masked_model", "classifier"):
        with pytest.raises(RecipeError, match="no causal language model"):
            start_of(tmp_path, TINY[name](tmp_path / name))


def test_what_was_cut_or_left_out_is_told(tmp_path):
    start = start_of(tmp_path, TINY["causal_model"](tmp_path / "b"))
    short = (("user", "the list"), ("assistant", "of names"))
    records = [
        ChatRecord("short", "a", short),
        ChatRecord("cut", "a", short * 6),
        ChatRecord("part", "a", (*short, ("user", "json " * 50), ("assistant", "email"))),
        ChatRecord("long", "a", (("user", "json " * 50), ("assistant", "email"))),
    ]
    told = []
    rows = encode_parts(Instruction(), {"train": records, "test": []}, start, told.append)
    assert [row.row for row in rows["train"]] == [0, 1, 2]
    assert told == [
        "train: of 4 records, for a context of 32 tokens: 1 left out (one question with its answer is longer), "
        "1 without some of their exchanges, 1 in several pieces, cut between turns"
    ]
    with pytest.raises(RecipeError, match="no record of the train part fits"):
        encode_parts(Instruction(), {"train": records[3:]}, start, told.append)


def test_bytes_and_references():
    row = Example(np.arange(4), np.array([-100, 3, 4, -100]), row=7, num_bytes=6, reference=np.array([-1.0, -2.0]))
    assert bytes_per_label([row]) == 3.0
    assert bytes_per_label([]) is None
    assert references({"test": [1]}, {"test": [row]}) == [{"part": "test", "row": 7, "chosen": -1.0, "rejected": -2.0}]


def test_generation_ends_at_the_end_mark(tmp_path):
    start = start_of(tmp_path, TINY["causal_model"](tmp_path / "b"))
    (tmp_path / "generation_config.json").write_text('{"pad_token_id": 1}')
    tell_ends(tmp_path, start.tokenizer)
    values = json.loads((tmp_path / "generation_config.json").read_text())
    assert values == {
        "pad_token_id": 1,
        "eos_token_id": [start.tokenizer.special["<|end|>"], start.tokenizer.end_of_text],
    }
