import runpy
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.conversation import ChatRecord
from firstwords.inference.language_model import LanguageModel
from firstwords.model.batch import Batch
from firstwords.training.batch import Draws
from firstwords.training.objectives.instruction import Instruction

TINY = runpy.run_path(str(Path(__file__).parents[2] / "evaluation" / "tiny_artifacts.py"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return LanguageModel.load(TINY["answering_model"](tmp_path_factory.mktemp("m")).path("model"))


def encode(model, records, context=64):
    return [Instruction().encode(record, model.tokenizer, (), context, n) for n, record in enumerate(records)]


def test_labels_are_the_next_tokens_of_answers_alone(model):
    record = TINY["conversations"](2)[1]
    (row,) = encode(model, [record])
    learnt = np.flatnonzero(row.labels != -100)
    wanted = "".join(f"{content}<|end|>" for role, content in record.messages if role == "assistant")
    assert model.tokenizer.decode(row.labels[learnt]) == wanted
    inside = learnt[learnt + 1 < len(row)]
    assert np.array_equal(row.labels[inside], row.input_ids[inside + 1])
    assert row.num_bytes == len(wanted.replace("<|end|>", ""))
    settled, (reason,) = Instruction().settle([row], (), model.config)
    assert settled == Instruction() and reason.value == len(learnt)


def test_a_batch_of_conversations_costs_what_each_costs_alone(model):
    rows = encode(model, TINY["conversations"](8))
    objective = Instruction()

    def loss(examples):
        draws = Draws(0, tuple((0, e.row) for e in examples), evaluating=True)
        total, count = objective.loss(model.model, objective.collate(examples, draws, model.config), draws)
        return float(total), int(count)

    together, alone = loss(rows), [loss([row]) for row in rows]
    assert together[1] == sum(count for _, count in alone)
    assert together[0] == pytest.approx(sum(total for total, _ in alone), rel=1e-5)


def test_packed_logits_are_those_of_each_conversation_alone(model):
    rows = encode(model, TINY["conversations"](4))
    draws = Draws(0, tuple((0, e.row) for e in rows), evaluating=True)
    packed = model.model(Instruction().collate(rows, draws, model.config))
    alone = [model.model(Batch.of([row.input_ids.tolist()])) for row in rows]
    assert np.allclose(packed.detach(), np.concatenate([each.detach() for each in alone]), atol=1e-5)


def test_a_long_conversation_becomes_several_documents(model):
    turns = [turn for n in range(5) for turn in (("user", f"the list {n}"), ("assistant", "of names"))]
    (row,) = encode(model, [ChatRecord("long", "the list 0", tuple(turns))], context=30)
    assert len(row.document_bounds) > 2 and row.num_left_out == 0
    assert max(np.diff(row.document_bounds)) <= 30


def test_what_cannot_be_written_names_the_record(model):
    with pytest.raises(ValueError, match=r"talk-0: .*unknown role: poet"):
        encode(model, [ChatRecord("talk-0", "a", (("poet", "a"), ("assistant", "b")))])
