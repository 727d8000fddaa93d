import runpy
from pathlib import Path

import pytest
import torch

from firstwords.training.batch import Draws
from firstwords.training.displacement import (
    Displaced,
    Remembering,
    direction,
    embed,
    lengths,
    random_direction,
    random_start,
    sizes,
    uphill,
    within,
)

OBJECTIVES = runpy.run_path(str(Path(__file__).parents[1] / "contracts" / "test_objectives.py"))


@pytest.fixture
def case():
    objective = OBJECTIVES["make_objective"]("sequence_classification", {})
    model = OBJECTIVES["make_model"](objective, False)
    examples = OBJECTIVES["make_examples"](objective)
    draws = Draws(3, tuple((0, example.row) for example in examples))
    return objective, model, examples, objective.collate(examples, draws, model.config), draws


def test_lengths_are_those_of_whole_documents(case):
    _, model, _, batch, _ = case
    values = embed(model, batch).detach()
    for start, end in zip(batch.bounds[:-1], batch.bounds[1:], strict=True):
        assert torch.allclose(lengths(values, batch)[start:end], values[start:end].norm())


def test_directions_have_length_one_and_nothing_stays_nothing(case):
    _, model, _, batch, _ = case
    assert torch.allclose(lengths(direction(embed(model, batch), batch), batch), torch.ones(1, dtype=torch.float64))
    nothing = torch.zeros_like(embed(model, batch))
    assert torch.equal(direction(nothing, batch), nothing)
    assert torch.equal(within(nothing, batch, sizes(model, batch)), nothing)


def test_a_displacement_is_cut_at_the_radius_and_kept_inside(case):
    _, model, _, batch, draws = case
    far, near = (random_direction(model, batch, draws, share) for share in (0.5, 0.1))
    radius = 0.2 * sizes(model, batch)
    assert torch.allclose(lengths(within(far, batch, radius), batch), radius)
    assert torch.equal(within(near, batch, radius), near)


def test_random_ones_have_the_length_that_is_asked_for(case):
    _, model, _, batch, draws = case
    size = sizes(model, batch)
    assert torch.allclose(lengths(random_direction(model, batch, draws, 0.3), batch), 0.3 * size)
    start = lengths(random_start(model, batch, draws, 0.3), batch)
    assert (start < 0.3 * size).all() and (start > 0.1 * size).all()


def test_draws_of_an_example_do_not_depend_on_its_neighbours(case):
    objective, model, examples, batch, draws = case
    whole = random_direction(model, batch, draws, 0.1)
    for index, example in enumerate(examples):
        alone = Draws(3, ((0, example.row),))
        single = objective.collate([example], alone, model.config)
        start, end = batch.bounds[index], batch.bounds[index + 1]
        assert torch.equal(random_direction(model, single, alone, 0.1), whole[start:end])
    other = Draws(3, tuple((1, example.row) for example in examples))
    assert not torch.equal(random_direction(model, batch, other, 0.1), whole)


def test_a_batch_that_does_not_tell_its_examples_apart_is_refused(case):
    _, model, _, batch, draws = case
    with pytest.raises(AssertionError, match="which tokens"):
        random_direction(model, batch, Draws(3, draws.keys[1:]), 0.1)


def test_a_displaced_model_is_the_model_where_nothing_is_added(case):
    _, model, _, batch, draws = case
    nothing = torch.zeros_like(embed(model, batch))
    assert torch.equal(Displaced(model, nothing)(batch), model(batch))
    assert Displaced(model, nothing).config is model.config
    moved = random_direction(model, batch, draws, 0.2)
    twice = Displaced(Displaced(model, moved), -moved)(batch)
    assert torch.allclose(twice, model(batch))


def test_uphill_leaves_no_gradient_anywhere(case):
    objective, model, _, batch, draws = case
    offset = torch.zeros_like(embed(model, batch)).detach()
    gradient = uphill(lambda at: objective.loss(Displaced(model, at), batch, draws)[0], offset)
    assert gradient.abs().sum() > 0 and not gradient.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_question_is_answered_once(case):
    _, model, _, batch, _ = case
    calls = []

    class Counting:
        def __call__(self, *given, **more):
            calls.append(more)
            return model(*given, **more)

    asked = Remembering(Counting())
    assert asked(batch) is asked(batch)
    assert len(calls) == 1
