from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.errors import NumericFailure
from firstwords.model.config import ModelConfig
from firstwords.model.heads import make_head
from firstwords.model.transformer import Model
from firstwords.training import lanes
from firstwords.training.batch import Draws, Example
from firstwords.training.lane_process import can_fork
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


@pytest.fixture(params=["processes", "threads"], autouse=True)
def kind(request, monkeypatch):
    if request.param == "threads":
        monkeypatch.setattr(lanes, "can_fork", lambda: False)
    elif not can_fork():
        pytest.skip("no process can be forked here")


def add_up(model, micro):
    loss, count = MaskedLM().loss(model, MaskedLM().collate(micro.examples, micro.draws, CONFIG), micro.draws)
    loss.backward()
    return torch.stack([loss.detach().double(), count.double()])


@contextmanager
def several(number, function=add_up, model=None):
    made = Lanes(model or Model(CONFIG, make_head("language_model", CONFIG)).double(), number, {"part": function})
    try:
        yield made
    finally:
        made.close()


def gradients(number):
    batch = micro([40, 7, 23, 23, 64, 1])
    with several(number) as those:
        sums = those.run("part", batch) + those.run("part", batch)  # gradients of two micro-batches add up
    return sums, [p.grad for p in those.model.parameters()]


@pytest.mark.parametrize("number", [2, 3])
def test_lanes_give_the_sums_and_gradients_of_one(number):
    (sums, one), (found, summed) = gradients(1), gradients(number)
    assert torch.allclose(sums, found, rtol=1e-12)
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-10) for a, b in zip(one, summed, strict=True))


def test_lanes_give_the_same_bits_every_time():
    (_, first), (_, second) = gradients(3), gradients(3)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_processes_and_threads_give_the_same_bits(monkeypatch):
    here = gradients(2)
    monkeypatch.setattr(lanes, "can_fork", lambda: False)
    there = gradients(2)
    assert torch.equal(here[0], there[0])
    assert all(torch.equal(a, b) for a, b in zip(here[1], there[1], strict=True))


def test_a_lane_sees_updates_of_the_weights_and_whether_the_model_is_in_training():
    def look(model, micro):
        return torch.stack([model.head.lm_head.weight.sum().detach(), torch.tensor(float(model.training))])

    with several(3, look) as those:
        for value, training in ((7.0, True), (-1.0, False), (2.0, True)):
            those.model.train(training)
            with torch.no_grad():
                those.model.head.lm_head.weight.fill_(value)
            found = those.run("part", micro([3, 3, 3]))
            assert found.tolist() == [3 * value * 64 * 32, 3.0 * training]


def test_the_gradient_of_a_table_may_be_a_list_of_rows():
    rows = micro([9, 30, 4, 17])

    def table_gradient(number):
        torch.manual_seed(0)
        table = torch.nn.Embedding(64, 8, sparse=True)

        def part(table, micro):
            x = table(torch.cat([torch.from_numpy(each.input_ids) for each in micro.examples]))
            x.square().sum().backward()
            return x.detach().sum()[None]

        with several(number, part, table) as those:
            for _ in range(2):
                those.run("part", rows)
        assert table.weight.grad.is_sparse
        return table.weight.grad.to_dense()

    assert torch.allclose(table_gradient(1), table_gradient(3), rtol=1e-5)


def test_a_weight_that_only_another_lane_used_has_its_gradient():
    class Pair(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.short, self.long = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))

    def part(pair, micro):
        used = pair.long if len(micro.examples[0]) > 5 else pair.short
        (used.sum() * len(micro.examples[0])).backward()
        return torch.zeros(1)

    with several(2, part, Pair()) as those:
        those.run("part", micro([9, 3]))
        assert those.model.long.grad.tolist() == [9, 9]
        assert those.model.short.grad.tolist() == [3, 3]
        those.run("part", micro([9, 3]))  # what was kept is no longer the lane's
        assert those.model.short.grad.tolist() == [6, 6]


@pytest.mark.parametrize("longest", [True, False])
def test_an_error_in_a_lane_is_raised_and_the_next_call_is_answered(longest):
    def fails(model, micro):
        if (40 in map(len, micro.examples)) == longest:
            raise NumericFailure("too large")
        return torch.zeros(1)

    with several(2, fails) as those:
        for _ in range(2):
            with pytest.raises(NumericFailure, match="too large"):
                those.run("part", micro([40, 7]))
        assert longest or those.run("part", micro([40, 40])).tolist() == [0]


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
