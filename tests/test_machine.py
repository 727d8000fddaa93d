import os
import subprocess
import sys

from firstwords import machine


def test_facts_are_plausible() -> None:
    assert machine.num_cores() >= 1
    assert 2**28 < machine.available_memory_bytes() <= machine.memory_bytes()
    assert machine.instruction_set()[0]


def test_libraries_are_settled_unless_somebody_decided(monkeypatch) -> None:
    for name in (*machine.LIBRARY_SETTINGS, "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    machine.settle_libraries()
    assert all(machine.os.environ[name] == value for name, value in machine.LIBRARY_SETTINGS.items())
    monkeypatch.setenv("LRU_CACHE_CAPACITY", "7")
    monkeypatch.delenv("GOMP_SPINCOUNT")
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    machine.settle_libraries()
    assert machine.os.environ["LRU_CACHE_CAPACITY"] == "7"
    assert "GOMP_SPINCOUNT" not in machine.os.environ


GROWTH = """
import resource
from firstwords.machine import settle_libraries
settle_libraries()
import torch
torch.set_num_threads(1)
matrix, rows = torch.randn(512, 64).bfloat16(), torch.randn(2000, 64).bfloat16()
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
torch.mm(rows, matrix.T)
begin = peak()
for number in range(500, 1200):
    torch.mm(rows[:number], matrix.T)
print(peak() - begin)
"""


def test_kernels_of_many_sizes_are_not_kept() -> None:
    # Left alone, 700 sizes keep 370 MiB where the processor multiplies bfloat16.
    free = {name: value for name, value in os.environ.items() if name not in machine.LIBRARY_SETTINGS}
    ran = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, env=free, check=True)
    assert float(ran.stdout) < 150


def test_sizes_read_well() -> None:
    assert machine.gibibytes(23.4 * 2**30) == "23 GiB"
    assert machine.gibibytes(1.5 * 2**30) == "1.5 GiB"
    assert machine.gibibytes(512 * 2**20) == "512 MiB"
