"""The rules' arithmetic: against the same source without compilation, on trees that hypothesis draws."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firstwords.data import rule_kernels as kernels

NODES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**12 - 1), st.integers(0, 200), st.integers(0, 200)))


@given(NODES)
def test_a_block_stays_if_nothing_around_it_is_left_out(drawn) -> None:
    # One block for each node, at its beginning; a parent is one of the few nodes that are still open.
    parent, open_nodes = [], []
    for node, (up, _, _, _) in enumerate(drawn):
        del open_nodes[max(0, len(open_nodes) - up) :]
        parent.append(open_nodes[-1] if open_nodes else -1)
        open_nodes.append(node)
    last = [
        max([n + 1, *(m + 1 for m in range(n, len(drawn)) if n in _ancestors(parent, m))]) for n in range(len(drawn))
    ]
    sums = np.zeros((len(drawn) + 1, 2), np.int64)
    for node, (_, _, characters, linked) in enumerate(drawn):
        sums[node + 1] = sums[node] + (characters, min(linked, characters))
    columns = [np.array(each, np.int64) for each in (parent, [each[1] for each in drawn], range(len(drawn)), last)]
    results = []
    for choose in (kernels.choose, kernels.choose.py_func):
        depth, kept, keep = np.zeros(len(drawn), np.int64), np.zeros(len(drawn), bool), np.ones(len(drawn), bool)
        choose(*columns, sums, depth, kept, keep)
        results.append((depth.tolist(), kept.tolist(), keep.tolist()))
    assert results[0] == results[1]
    _, kept, keep = results[0]
    roots = [n for n, each in enumerate(drawn) if each[1] & kernels.ROOT]
    inside = set(range(roots[0], last[roots[0]])) if len(roots) == 1 else set(range(len(drawn)))
    assert keep == [n in inside and kept[n] for n in range(len(drawn))]


def _ancestors(parent: list[int], node: int) -> list[int]:
    out = []
    while node >= 0:
        out.append(node)
        node = parent[node]
    return out
