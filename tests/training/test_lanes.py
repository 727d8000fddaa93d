import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model
from firstwords.training.batch import Draws, Example
from firstwords.training.lanes import Lanes, num_lanes, split
from firstwords.training.loader import MicroBatch
from firstwords.training.objectives.masked_lm import MaskedLM

CONFIG = ModelConfig.from_depth(2, layout="eurobert", vocab_size=64, mask_id=3, width=32, num_heads=2, mlp_width=48)


def micro(lengths):
    generator = np.random.default_rng(0)
    rows = [Example(generator.integers(5, 64, length).astype(np.int32), row=n) for n, length in enumerate(lengths)]
    return MicroBatch(rows, Draws(0, tuple((1, row.row) for row in rows)))


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30), st.integers(1, 5))
def test_every_row_is_in_one_part_and_no_part_is_a_row_longer_than_another(lengths, number):
    parts = split(micro(lengths), number)
    assert len(parts) == min(number, len(lengths))
    assert sorted(key for part in parts for key in part.draws.keys) == [(1, n) for n in range(len(lengths))]
    assert all([e.row for e in part.examples] == [row for _, row in part.draws.keys] for part in parts)
    tokens = [part.num_tokens for part in parts]
    assert max(tokens) - min(tokens) <= max(lengths)


def gradients(number):
    model = Model(CONFIG, make_head("language_model", CONFIG)).double()
    objective, lanes = MaskedLM(), Lanes(model, number)

    def part(model, micro):
        loss, count = objective.loss(model, objective.collate(micro.examples, micro.draws, CONFIG), micro.draws)
        loss.backward()
        return torch.stack([loss.detach().double(), count.double()])

    batch = micro([40, 7, 23, 23, 64, 1])
    sums = lanes.run(part, batch) + lanes.run(part, batch)  # gradients of two micro-batches add up
    lanes.close()
    assert all(p.grad is None for twin in lanes.models[1:] for p in twin.parameters())
    return sums, [p.grad for p in model.parameters()]


@pytest.mark.parametrize("number", [2, 3])
def test_lanes_give_the_sums_and_gradients_of_one(number):
    (sums, one), (found, several) = gradients(1), gradients(number)
    assert torch.allclose(sums, found, rtol=1e-12)
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-10) for a, b in zip(one, several, strict=True))


def test_lanes_give_the_same_bits_every_time():
    (_, first), (_, second) = gradients(3), gradients(3)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_lane_sees_updates_of_the_weights():
    model = Model(CONFIG, make_head("language_model", CONFIG))
    lanes = Lanes(model, 2)
    with torch.no_grad():
        model.head.lm_head.weight.fill_(7.0)
    assert torch.equal(lanes.models[1].head.lm_head.weight, model.head.lm_head.weight)


def test_there_is_one_lane_where_rows_may_not_go_apart():
    model = Model(CONFIG, make_head("language_model", CONFIG))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert num_lanes(model) == 2
        assert num_lanes(model, compiled=True) == 1
        assert num_lanes(torch.nn.Linear(2, 2)) == 1
        torch.set_num_threads(16)
        assert num_lanes(model) == 1
    finally:
        torch.set_num_threads(before)
