"""Which tokens are learnt, what an evaluation asks, and that a prompt is built as `LanguageModel` scores it."""

import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from firstwords.data.dataset import TaskRecord
from firstwords.errors import RecipeError
from firstwords.inference.language_model import LanguageModel
from firstwords.model.config import ModelConfig
from firstwords.model.heads import LanguageModelHead
from firstwords.model.transformer import Model
from firstwords.training.batch import IGNORED, Draws
from firstwords.training.candidates import answer_nats
from firstwords.training.objectives.in_context import InContext

TINY = runpy.run_path(str(Path(__file__).parents[2] / "evaluation" / "tiny_artifacts.py"))
TOKENIZER = TINY["tokenizer"]()


def rows(objective: InContext, number: int = 12):
    words = TINY["WORDS"]
    records = [
        TaskRecord(f"t#{n}", f"t#{n}", f"{words[n % 15]} {words[n // 2]}", ("good_one", "bad")[n % 2], task="t")
        for n in range(number)
    ]
    return objective.relate([objective.encode(r, TOKENIZER, (), 256, row) for row, r in enumerate(records)])


def model() -> Model:
    config = ModelConfig.from_depth(
        1, layout="qwen3", vocab_size=TOKENIZER.vocab_size, width=32, num_heads=2, context=256
    )
    return Model(config, LanguageModelHead(config), seed=1).eval()


def learnt(batch) -> list[str]:
    """What stands where something is to be predicted, one text a document."""
    labels = batch.labels.numpy()
    bounds = batch.bounds.tolist()
    parts = [labels[start:end] for start, end in pairwise(bounds)]
    return [TOKENIZER.decode(part[part != IGNORED].tolist()) for part in parts]


def batch_of(objective, evaluating=False, epoch=0):
    return objective.collate(rows(objective)[:1], Draws(0, ((epoch, 0),), evaluating), model().config)


def test_the_question_alone_or_every_answer_is_learnt() -> None:
    plain = {"num_examples": 4, "permuted_share": 0.0, "arbitrary_share": 0.0}
    assert learnt(batch_of(InContext(every_answer=False, **plain))) == [" good one\n"]
    (all_answers,) = learnt(batch_of(InContext(**plain)))
    assert sorted(all_answers.split("\n")[:-1]) == [" bad"] * 2 + [" good one"] * 3


def test_an_arbitrary_name_is_learnt_only_where_it_was_seen_before() -> None:
    objective = InContext(num_examples=2, permuted_share=1.0, arbitrary_share=0.0)
    (answers,) = learnt(batch_of(objective))
    assert answers.count("\n") == 1


def test_the_channel_learns_the_question_behind_its_label() -> None:
    objective = InContext(num_examples=2, direction="channel", every_answer=False, arbitrary_share=0.0)
    (text,) = learnt(batch_of(objective))
    assert text == f"{TINY['WORDS'][0]} {TINY['WORDS'][0]}\n"


def test_epochs_draw_other_examples_and_evaluations_the_same() -> None:
    objective = InContext(num_examples=4)
    ids = [batch_of(objective, epoch=epoch).input_ids.tolist() for epoch in range(4)]
    assert len({str(each) for each in ids}) > 1
    assert ids[2] == batch_of(objective, epoch=2).input_ids.tolist()
    held = [batch_of(objective, True, epoch).input_ids.tolist() for epoch in range(3)]
    assert held[0] == held[1] == held[2]


@pytest.mark.parametrize("direction", ["direct", "channel"])
def test_candidates_score_as_the_language_model_says(direction) -> None:
    objective = InContext(num_examples=4, direction=direction)
    own = model()
    batch = objective.collate(rows(objective)[:2], Draws(0, ((0, 0), (0, 1)), True), own.config)
    nats, _ = answer_nats(own, batch)
    language_model = LanguageModel(own, TOKENIZER)
    bounds = batch.bounds.tolist()
    for number, (start, end) in enumerate(pairwise(bounds)):
        labels = batch.labels[start:end].numpy()
        whole = [*batch.input_ids[start:end].tolist(), int(labels[-1])]
        given = len(whole) - int((labels != IGNORED).sum())
        context, continuation = TOKENIZER.decode(whole[:given]), TOKENIZER.decode(whole[given:])
        assert float(nats[number]) == pytest.approx(-language_model.log_likelihood(context, continuation), abs=1e-4)


def test_the_first_examples_go_where_the_context_is_short() -> None:
    objective = InContext(num_examples=8, every_answer=False, arbitrary_share=0.0, permuted_share=0.0)
    config = ModelConfig.from_depth(1, layout="qwen3", vocab_size=400, width=32, num_heads=2, context=64)
    batch = objective.collate(rows(objective)[:1], Draws(0, ((0, 0),)), config)
    assert batch.num_tokens <= 64
    assert learnt(batch) == [" good one\n"]


def test_decoding_gives_classes_and_their_accuracy() -> None:
    objective = InContext(num_examples=4)
    own = model()
    asked = rows(objective)
    batch = objective.collate(asked, Draws(0, tuple((0, r.row) for r in asked), True), own.config)
    predicted = objective.decode(own, batch)
    assert len(predicted) == len(asked) and set(predicted) <= {0, 1}
    assert objective.metrics([r.labels for r in asked], predicted)["accuracy"] == np.mean(
        [r.labels == p for r, p in zip(asked, predicted, strict=True)]
    )


def test_what_cannot_stand_in_a_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="t#1: an empty text"):
        InContext().encode(TaskRecord("t#1", "g", "  ", "a", task="t"), TOKENIZER, (), 256)
    with pytest.raises(ValueError, match="lower max_words"):
        InContext().encode(TaskRecord("t#1", "g", "names " * 40, "a", task="t"), TOKENIZER, (), 32)
    with pytest.raises(ValueError, match="exceed 1 together"):
        InContext(permuted_share=0.6, arbitrary_share=0.6)


def test_it_begins_with_the_base_or_with_weights_that_recall() -> None:
    base = model()
    before = base.backbone.embed_tokens.weight.clone()
    InContext().arrange(base, 0)
    assert before.equal(base.backbone.embed_tokens.weight)
    with pytest.raises(RecipeError, match="tie_embeddings"):
        InContext(begin="recall").arrange(base, 0)
    config = ModelConfig.from_depth(
        2, layout="qwen3", vocab_size=400, width=64, num_heads=2, context=256, tie_embeddings=True, rope_base=1e6
    )
    fitting = Model(config, LanguageModelHead(config), seed=1)
    before = fitting.backbone.embed_tokens.weight.clone()
    InContext(begin="recall").arrange(fitting, 0)
    assert not before.equal(fitting.backbone.embed_tokens.weight)


def test_repeated_texts_are_drawn_while_training_only() -> None:
    plain, repeated = InContext(num_examples=4), InContext(num_examples=4, repeated_share=1.0)
    assert batch_of(plain).input_ids.tolist() != batch_of(repeated).input_ids.tolist()
    assert batch_of(plain, True).input_ids.tolist() == batch_of(repeated, True).input_ids.tolist()
