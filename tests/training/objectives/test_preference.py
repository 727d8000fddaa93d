import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

from firstwords.data.conversation import PreferenceRecord
from firstwords.inference.language_model import LanguageModel
from firstwords.tokenizer.conversation import DoesNotFit
from firstwords.training.batch import Draws
from firstwords.training.objectives.preference import Preference, last_answer

TINY = runpy.run_path(str(Path(__file__).parents[2] / "evaluation" / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return LanguageModel.load(TINY["preferring_model"](tmp_path_factory.mktemp("m")).path("model"))


def encode(model, records, context=64):
    return [Preference().encode(record, model.tokenizer, (), context, n) for n, record in enumerate(records)]


def loss(objective, model, rows, evaluating=False):
    draws = Draws(0, tuple((0, e.row) for e in rows), evaluating)
    total, count = objective.loss(model, objective.collate(rows, draws, model.config), draws)
    return total / count


def test_both_documents_share_the_question_and_differ_in_the_answer(model):
    record = TINY["pairs"](2)[1]
    (row,) = encode(model, [record])
    first, second = np.split(row.input_ids, row.document_bounds[1:-1])
    answers = [row.labels[: len(first)], row.labels[len(first) :]]
    for labels, answer in zip(answers, (record.chosen, record.rejected), strict=True):
        # Earlier answers of the conversation are the same for both and not compared.
        assert model.tokenizer.decode(labels[labels != -100]) == f"{answer}<|end|>"
    start = min(np.flatnonzero(labels != -100)[0] for labels in answers)
    assert np.array_equal(first[: start + 1], second[: start + 1])


def test_at_the_reference_the_loss_is_that_of_a_coin(model):
    rows = Preference().refer(model.model, encode(model, TINY["pairs"](6)))
    assert float(loss(Preference(), model.model, rows)) == pytest.approx(np.log(2), abs=1e-5)
    assert float(loss(Preference(loss_kind="ipo"), model.model, rows)) == pytest.approx(25.0, abs=1e-3)
    batch = Preference().collate(rows, Draws(0, tuple((0, r.row) for r in rows), True), model.config)
    scores = Preference().metrics([], Preference().decode(model.model, batch))
    assert scores["margin"] == pytest.approx(0, abs=1e-4)
    assert scores["chosen_log_probability"] == pytest.approx(np.mean([r.reference[0] for r in rows]), rel=1e-5)


def test_the_gradient_is_that_of_the_formula(model):
    rows = Preference().refer(model.model, encode(model, TINY["pairs"](3)))
    net = model.model
    head = net.head.lm_head.weight
    ours = torch.autograd.grad(loss(Preference(beta=0.3), net, rows), head)[0]
    total = 0.0
    for row in rows:
        draws = Draws(0, ((0, row.row),), True)
        batch = Preference().collate([row], draws, net.config)
        logits = net(batch).log_softmax(-1)
        keep = batch.labels != -100
        nats = logits[keep, batch.labels[keep]]
        bound = int(row.document_bounds[1])
        owners = torch.arange(len(batch.labels))[keep] >= bound
        ratio = (nats[~owners].sum() - row.reference[0]) - (nats[owners].sum() - row.reference[1])
        total = total - torch.nn.functional.logsigmoid(0.3 * ratio)
    theirs = torch.autograd.grad(total / len(rows), head)[0]
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_oldest_exchanges_go_first_for_both_answers(model):
    turns = tuple(turn for n in range(4) for turn in (("user", f"the list {n}"), ("assistant", "of names")))
    record = PreferenceRecord("p", "the list 0", (*turns, ("user", "json")), "email", "raise error")
    (row,) = encode(model, [record], context=30)
    assert row.num_left_out > 0
    assert max(np.diff(row.document_bounds)) <= 30
    with pytest.raises(DoesNotFit, match="p: the last question"):
        encode(model, [record], context=5)


def test_the_last_answer_may_be_followed_by_what_is_not_learnt():
    labels = np.array([-100, 5, 6, -100, 7, 8, -100, -100])
    assert last_answer(labels).tolist() == [-100, -100, -100, -100, 7, 8, -100, -100]
    assert last_answer(np.array([-100, -100])).tolist() == [-100, -100]
    assert last_answer(np.array([4, 5])).tolist() == [4, 5]
