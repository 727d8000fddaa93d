"""Pieces cover a parameter once, and work is spread evenly. (Real ranks: `tests/distributed`.)"""

import torch
from hypothesis import given
from hypothesis import strategies as st

from firstwords.compute.sharding import owners, piece


@given(st.integers(1, 50), st.integers(1, 9))
def test_pieces_are_those_of_chunk(num_rows, num_ranks):
    rows = torch.arange(num_rows)
    pieces = [rows[piece(num_rows, rank, num_ranks)] for rank in range(num_ranks)]
    assert torch.equal(torch.cat(pieces), rows)
    chunks = rows.chunk(num_ranks)
    assert [p.tolist() for p in pieces] == [c.tolist() for c in chunks] + [[]] * (num_ranks - len(chunks))


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), max_size=20), st.integers(1, 5))
def test_no_owner_has_much_more_to_do_than_another(shapes, num_ranks):
    named = {f"m{number}": shape for number, shape in enumerate(shapes)}
    found = owners(named, num_ranks)
    assert list(found) == list(named)
    costs = {name: rows * columns * min(rows, columns) for name, (rows, columns) in named.items()}
    loads = [sum(costs[name] for name in named if found[name] == rank) for rank in range(num_ranks)]
    assert max(loads, default=0) - min(loads, default=0) <= max(costs.values(), default=0)
