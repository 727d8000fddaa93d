"""Rows of the store are examples with the tokens that follow."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.tokenizer.word_joints import word_joints
from firstwords.training.packed_examples import PackedExamples

STORE = runpy.run_path(str(Path(__file__).parent / "tiny_store.py"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    STORE["make_store"](folder)
    return PackedExamples(folder / "tokens", "train", 32)


def test_every_token_is_predicted_once(rows):
    labels = np.concatenate([row.labels for row in rows])
    assert (labels == rows.packed.store.tokens).all()
    assert all((row.input_ids[1:] == row.labels[:-1]).all() for row in rows)


def test_rows_know_their_number(rows):
    assert [row.row for row in rows] == list(range(len(rows)))
    assert rows[-1].row == len(rows) - 1
    assert [row.row for row in rows[2:5]] == [2, 3, 4]


def test_bytes_per_token(rows):
    texts = [text for _, text in STORE["documents"](0, 60)]
    assert rows.bytes_per_token == pytest.approx(sum(map(len, texts)) / len(rows.packed.store.tokens))


def test_examples_say_where_words_begin_if_asked(tmp_path):
    tokenizer = STORE["make_store"](tmp_path)
    joints = word_joints(tokenizer)
    rows = PackedExamples(tmp_path / "tokens", "train", 32, joints)
    row = rows[1]
    assert row.word_starts.tolist() == joints.word_starts(row.input_ids, row.bounds).tolist()
    assert row.word_starts[row.bounds[:-1]].all()
    assert PackedExamples(tmp_path / "tokens", "train", 32)[1].word_starts is None
