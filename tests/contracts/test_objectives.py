"""What every objective promises, checked on each file of the catalogue, in both directions of attention."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from firstwords.data.conversation import PreferenceRecord
from firstwords.data.dataset import TaskRecord, TextRecord, WordsRecord
from firstwords.find import catalogue, find
from firstwords.model.config import ModelConfig
from firstwords.model.transformer import Model
from firstwords.training.batch import Draws, Example
from firstwords.training.episodes import Question
from firstwords.training.objective import Objective
from firstwords.training.objectives.masked_lm import MaskedLM

LABELS = ("O", "B-A", "I-A")
PAD, END, MASK, FIRST_WORD, VOCABULARY = 0, 1, 2, 3, 40
FIRST_MARK = 37
# A causal model cannot see what stands behind a mask, and a bidirectional one sees the token it should predict.
IMPOSSIBLE = {
    ("masked_lm", True),
    ("causal_lm", False),
    ("hybrid_lm", False),
    ("instruction", False),
    ("preference", False),
    ("in_context", False),
}
# Options under which an objective makes other batches or another loss keep the same promises.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "preference": [{"per_token": True, "beta": 2.0}, {"loss_kind": "ipo"}, {"answer_weight": 1.0}],
    "causal_lm": [{"infilling_rate": 1.0}, {"infilling_rate": 0.7, "suffix_first_share": 1.0}],
    "in_context": [
        {"num_examples": 3, "every_answer": False, "permuted_share": 0.0, "arbitrary_share": 0.0},
        {"num_examples": 4, "direction": "channel"},
    ],
    "masked_lm": [{"unit": "word"}, {"unit": "span", "final_share": 0.15}],
    "token_classification": [{"crf": True}],
    "hybrid_lm": [
        {"masked_rows": 1.0},
        {"masked_rows": 0.5, "masked": MaskedLM(unit="span")},
        {"masked_rows": 0.0},
    ],
}


def cases() -> list[tuple[str, bool, dict[str, Any]]]:
    return [
        (kind, causal, options)
        for kind in catalogue("training.objectives")
        for causal in (True, False)
        if (kind, causal) not in IMPOSSIBLE
        for options in [{}, *OPTIONS.get(kind, [])]
    ]


def name_of(case: tuple[str, bool, dict[str, Any]]) -> str:
    kind, causal, options = case
    return f"{kind}-{'causal' if causal else 'bidirectional'}" + (f"-{options}" if options else "")


def make_objective(kind: str, options: dict[str, Any]) -> Objective:
    objective = find("training.objectives", kind)
    # What is hidden from a classifier while training needs a mask token, which the causal model here does not have.
    return (
        objective(hidden_share=0.0, **options)
        if "hidden_share" in objective.__dataclass_fields__
        else objective(**options)
    )


def make_model(objective: Objective, causal: bool, dtype: torch.dtype = torch.float64) -> Model:
    config = ModelConfig.from_depth(
        2,
        layout=objective.layouts[0] if causal else "eurobert",
        hybrid=objective.is_hybrid,
        infilling_id=FIRST_MARK,
        vocab_size=VOCABULARY,
        width=32,
        num_heads=2,
        context=16,
        pad_id=PAD,
        bos_id=END,
        eos_id=END,
        mask_id=MASK,
    )
    model = Model(config, objective.head(config, LABELS), seed=1).to(dtype)
    # Output projections begin at zero, which would hide parameters from the gradient.
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator, dtype=dtype))
    return model.eval()


def make_examples(objective: Objective, number: int = 6) -> list[Example]:
    chance = np.random.default_rng(2)
    examples = []
    for row in range(number):
        ids = chance.integers(FIRST_WORD, VOCABULARY, int(chance.integers(4, 12))).astype(np.int32)
        if objective.record is WordsRecord:
            # Tag sequences that could be: an I follows a B.
            labels = np.array([1, 2, 0, -100] * 3)[: len(ids)]
            examples.append(Example(ids, labels, None, row))
        elif objective.record is TaskRecord:
            name = np.array([FIRST_WORD + row % len(LABELS), END], np.int32)
            examples.append(Question(ids, 0, None, row, task_name="numbers", answer=name))
        elif objective.record is TextRecord:
            examples.append(Example(ids, row % len(LABELS), None, row))
        else:
            bounds = np.array([0, 2, len(ids)])
            following = np.append(ids[1:], END)
            following[1] = -100
            if objective.record is PreferenceRecord:
                following[2] = -100
                examples.append(Example(ids, following, bounds, row, reference=np.array([-3.0, -4.0])))
                continue
            examples.append(Example(ids, following, bounds, row, ids % 3 > 0))
    return list(objective.relate(examples))


def loss_of(objective: Objective, model: Model, examples: list[Example], evaluating: bool = False):
    draws = Draws(3, tuple((0, example.row) for example in examples), evaluating)
    batch = objective.collate(examples, draws, model.config)
    return objective.loss(model, batch, draws)


@pytest.fixture(params=cases(), ids=name_of)
def case(request):
    kind, causal, options = request.param
    objective = make_objective(kind, options)
    return objective, make_model(objective, causal), make_examples(objective)


def test_the_loss_is_finite_and_counts_something(case) -> None:
    objective, model, examples = case
    total, count = loss_of(objective, model, examples)
    assert torch.isfinite(total)
    assert count > 0


def test_the_loss_adds_up_over_a_split_batch(case) -> None:
    objective, model, examples = case
    total, count = loss_of(objective, model, examples)
    parts = [loss_of(objective, model, part) for part in (examples[:2], examples[2:5], examples[5:])]
    assert sum(int(c) for _, c in parts) == int(count)
    # float64 and another order of summation
    assert abs(float(sum(t for t, _ in parts)) - float(total)) < 1e-9 * abs(float(total))


def test_the_loss_is_the_same_in_any_order_of_examples(case) -> None:
    objective, model, examples = case
    there, back = loss_of(objective, model, examples)[0], loss_of(objective, model, examples[::-1])[0]
    assert abs(float(there - back)) < 1e-9 * abs(float(there))


def test_the_gradient_reaches_every_parameter(case) -> None:
    objective, model, examples = case
    total, _ = loss_of(objective, model, examples)
    total.backward()
    unreached = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert unreached == []


def test_ignored_labels_do_not_count(case) -> None:
    objective, model, examples = case
    if objective.record is not WordsRecord:
        pytest.skip("labels are not one a token")
    blank = [replace(example, labels=np.full(len(example), -100)) for example in examples[1:]]
    total, count = loss_of(objective, model, [examples[0], *blank])
    alone, alone_count = loss_of(objective, model, examples[:1])
    assert count == alone_count
    assert abs(float(total - alone)) < 1e-9


def test_one_batch_can_be_learnt_by_heart(case) -> None:
    objective, model, examples = case
    if objective.record is not None and objective.has_labels:
        # A tag depends on its own word here, not on a word that another sentence tags otherwise.
        examples = [
            replace(e, input_ids=(np.arange(len(e.input_ids)) + 5 * e.row % 7 + 3).astype(np.int32)) for e in examples
        ]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    before = None
    for _ in range(60):
        total, count = loss_of(objective, model, examples, evaluating=True)
        before = before or float(total / count)
        optimizer.zero_grad()
        (total / count).backward()
        optimizer.step()
    total, count = loss_of(objective, model, examples, evaluating=True)
    assert float(total / count) < 0.3 * before


def test_predictions_have_the_form_of_labels(case) -> None:
    objective, model, examples = case
    draws = Draws(3, tuple((0, example.row) for example in examples), evaluating=True)
    predicted = objective.decode(model, objective.collate(examples, draws, model.config))
    if predicted is None:
        assert objective.record is None or not objective.has_labels
        return
    assert len(predicted) == len(examples)
    if objective.record is PreferenceRecord:
        assert objective.metrics([], [(-1.0, -9.0, -2.0, -8.0)])["preference_accuracy"] == 1.0
        return
    gold = [example.labels for example in examples]
    scores = objective.metrics(gold, gold)
    assert scores
    assert all(value == 1.0 for value in scores.values())
    assert all(0.0 <= value <= 1.0 for value in objective.metrics(gold, predicted).values())
