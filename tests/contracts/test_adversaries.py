"""What every adversary promises, checked on each file of the catalogue before each objective it can stand before."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from firstwords.find import catalogue, find
from firstwords.recipe import build
from firstwords.training.adversary import Adversarial
from firstwords.training.batch import Draws

OBJECTIVES = runpy.run_path(str(Path(__file__).with_name("test_objectives.py")))
KINDS = ["sequence_classification", "token_classification", "causal_lm", "masked_lm"]
# Two views of a masked text hide other words, so nothing could be compared; those of a causal one do not differ.
IMPOSSIBLE = {("r_drop", "masked_lm"), ("r_drop", "causal_lm")}
# Roundings of float64 in sums of another order, magnified by a normalised gradient.
TOLERANCE = 1e-7


@pytest.fixture(
    params=[
        (adversary, kind)
        for adversary in catalogue("training.adversaries")
        for kind in KINDS
        if (adversary, kind) not in IMPOSSIBLE
    ],
    ids="-".join,
)
def case(request):
    adversary, kind = request.param
    inner = build(find("training.objectives", kind), {} if kind.endswith("lm") else {"hidden_share": 0.4})
    objective = Adversarial(objective=inner, adversary=build(find("training.adversaries", adversary), {}))
    model = OBJECTIVES["make_model"](inner, kind == "causal_lm")
    return objective, model, OBJECTIVES["make_examples"](inner)


def loss_of(objective, model, examples, evaluating=False, epoch=0):
    draws = Draws(3, tuple((epoch, example.row) for example in examples), evaluating)
    batch = objective.collate(examples, draws, model.config)
    return objective.loss(model, batch, draws)


def gradients(model):
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


def test_nothing_reaches_a_parameter_before_the_loop_goes_back(case):
    objective, model, examples = case
    loss_of(objective, model, examples)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_gradient_reaches_every_parameter(case):
    objective, model, examples = case
    total, count = loss_of(objective, model, examples)
    assert torch.isfinite(total) and count > 0
    total.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_a_split_batch_gives_the_same_loss_and_the_same_gradients(case):
    objective, model, examples = case
    total, count = loss_of(objective, model, examples)
    total.backward()
    whole = gradients(model)
    sums, counts = 0.0, 0.0
    for part in (examples[3:4], examples[:3], examples[4:]):
        loss, number = loss_of(objective, model, part)
        loss.backward()
        sums += loss.item()
        counts += float(number)
    parts = gradients(model)
    assert counts == pytest.approx(float(count))
    assert sums == pytest.approx(float(total), rel=TOLERANCE)
    assert all(torch.allclose(whole[name], parts[name], rtol=1e-5, atol=TOLERANCE) for name in whole)


def test_it_makes_training_harder_and_evaluating_bare(case):
    objective, model, examples = case
    bare = objective.objective
    assert float(loss_of(objective, model, examples, True)[0]) == float(loss_of(bare, model, examples, True)[0])
    attacked, count = loss_of(objective, model, examples)
    clean, number = loss_of(bare, model, examples)
    assert float(attacked / count) != pytest.approx(float(clean / number), rel=1e-6)


def test_draws_change_with_the_epoch_and_with_nothing_else(case):
    objective, model, examples = case
    first, again = (float(loss_of(objective, model, examples)[0]) for _ in range(2))
    assert first == again
    others = [replace(example, row=example.row + 100) for example in examples]
    name = type(objective.adversary).__name__
    if name not in ("Fgm", "Pgd"):  # they draw nothing
        assert float(loss_of(objective, model, others)[0]) != first
