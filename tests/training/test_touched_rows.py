"""Tables that are updated where a batch touches them: each row is an AdamW of its own."""

import torch
from torch import nn

from firstwords.training.touched_rows import LARGE_TABLE, TouchedRows, mark_tables, marked

ROWS, WIDTH = LARGE_TABLE, 3


def table(sparse):
    torch.manual_seed(0)
    embedding = nn.Embedding(ROWS, WIDTH)
    mark_tables(nn.Sequential(embedding), sparse=sparse)
    return embedding


def train(embedding, batches, optimizer):
    for ids in batches:
        embedding.weight.grad = None
        embedding(torch.tensor(ids)).square().sum().backward()
        optimizer.step(0.1)
    return embedding.weight.detach().clone()


def rows_of(embedding):
    return TouchedRows(embedding.weight, (0.9, 0.98), 1e-8)


BATCHES = [[1, 2, 2], [2], [3, 1], [2, 3]]


def test_every_row_is_an_adamw_of_its_own():
    embedding = table(sparse=True)
    start = embedding.weight.detach().clone()
    found = train(embedding, BATCHES, rows_of(embedding))
    for row in (1, 2, 3):
        alone = nn.Parameter(start[row].clone())
        adamw = torch.optim.AdamW([alone], lr=0.1, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.0)
        for ids in BATCHES:
            if row in ids:
                adamw.zero_grad()
                (ids.count(row) * alone.square().sum()).backward()
                adamw.step()
        assert torch.allclose(found[row], alone, atol=1e-6)
    untouched = [row for row in range(ROWS) if row not in (1, 2, 3)]
    assert torch.equal(found[untouched], start[untouched])


def test_dense_and_sparse_gradients_are_one():
    sparse, dense = table(sparse=True), table(sparse=False)
    assert sparse.sparse and not dense.sparse
    assert torch.equal(train(sparse, BATCHES, rows_of(sparse)), train(dense, BATCHES, rows_of(dense)))


def test_a_stored_state_goes_on_in_the_same_bits():
    whole = table(sparse=True)
    train(whole, BATCHES, rows_of(whole))
    halves = table(sparse=True)
    first = rows_of(halves)
    train(halves, BATCHES[:2], first)
    second = rows_of(halves)
    second.load_state({name: tensor.clone() for name, tensor in first.state().items()})
    train(halves, BATCHES[2:], second)
    assert torch.equal(whole.weight, halves.weight)


def test_small_and_shared_tables_are_left_alone():
    small, shared = nn.Embedding(LARGE_TABLE - 1, WIDTH), nn.Embedding(ROWS, WIDTH)
    head = nn.Linear(WIDTH, ROWS, bias=False)
    head.weight = shared.weight
    model = nn.ModuleList([small, shared, head])
    mark_tables(model, sparse=True)
    assert marked(model) == set()
    assert not small.sparse and not shared.sparse
