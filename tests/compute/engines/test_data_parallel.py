"""Sums over real processes, with unequal shares."""

import json
import os
import socket
import subprocess
import sys

import pytest

from firstwords.compute.engines.data_parallel import DataParallel

PROGRAM = """
import json, torch
from torch import nn
from firstwords.compute import ranks
from firstwords.compute.engines.data_parallel import DataParallel

class Descent:
    def step(self, factor):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(factor * parameter.grad)

engine = DataParallel(device="cpu")
model = nn.Linear(2, 1)
nn.init.constant_(model.weight, float(engine.rank + 1))  # differs before `prepare`
nn.init.zeros_(model.bias)
engine.prepare(model)
start = model.weight.tolist()
if engine.rank == 1:  # the first rank has no share of this step
    engine.backward((model.weight * torch.tensor([2.0, 4.0])).sum())
norm = engine.step(model, Descent(), count=2.0, max_norm=0.0, factor=1.0)
total = engine.sum(torch.tensor([0.1 * (engine.rank + 1)], dtype=torch.float64)).tolist()
result = {"start": start, "end": model.weight.tolist(), "norm": norm, "total": total}
print(json.dumps(result))
ranks.end(0)
"""


def start_ranks(command, num_ranks=2):
    """Run a command once for every rank, as torchrun does; gives each one's last line of output."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(num_ranks)}
    ranks = [
        subprocess.Popen(
            command,
            env=os.environ | place | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
        )
        for rank in range(num_ranks)
    ]
    outputs = [rank.communicate(timeout=400)[0] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0] * num_ranks
    return [json.loads(output.splitlines()[-1]) for output in outputs]


def test_two_ranks_make_one_step_together():
    first, second = start_ranks([sys.executable, "-c", PROGRAM])
    assert first == second
    assert first["start"] == [[1.0, 1.0]]  # the first rank's weights
    assert first["end"] == [[0.0, -1.0]]
    assert first["norm"] == pytest.approx(5**0.5)
    assert first["total"] == [0.1 + 0.2]


def test_it_reads_its_place_from_the_environment(monkeypatch):
    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert (DataParallel().rank, DataParallel().num_ranks) == (3, 4)
