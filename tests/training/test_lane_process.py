"""The process of a lane: what it shares, how it ends, what its memory counts."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import torch

from firstwords.errors import OutOfResources
from firstwords.training.batch import Draws
from firstwords.training.lane_process import LaneProcess, can_fork, share_weights, shared_like
from firstwords.training.loader import MicroBatch

pytestmark = pytest.mark.skipif(not can_fork(), reason="no process can be forked here")
PART = MicroBatch([], Draws(0, ()))
MIB = 2**20


def lane(**functions):
    model = torch.nn.Linear(3, 2)
    share_weights(list(model.parameters()))
    return LaneProcess(model, functions)


def ask(process, name):
    process.begin(name, True, PART)
    process.wait()
    return process.result()


def test_shared_numbers_are_apart_and_zero():
    shapes = [(3, 2), (1,), (5,), ()]
    made = shared_like(
        [torch.empty(shape, dtype=dtype) for shape in shapes for dtype in (torch.float32, torch.float64)]
    )
    assert [tuple(each.shape) for each in made[::2]] == shapes
    assert all(each.eq(0).all() for each in made)
    for number, each in enumerate(made):
        each.fill_(number)
    assert [each.unique().tolist() for each in made] == [[float(number)] for number in range(len(made))]
    assert all(each.data_ptr() % 64 == 0 for each in made)


def test_weights_keep_their_numbers_when_they_move():
    model = torch.nn.Linear(3, 2)
    before = [p.detach().clone() for p in model.parameters()]
    share_weights(list(model.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert all(p.requires_grad for p in model.parameters())


def test_gradients_are_those_of_the_last_call():
    def part(model, micro):
        model(torch.ones(1, 3)).sum().backward()
        model(torch.ones(1, 3)).sum().backward()  # a second pass of the same part adds up
        return torch.zeros(1)

    process = lane(part=part, nothing=lambda model, micro: torch.zeros(1))
    try:
        for _ in range(2):
            _, gradients = ask(process, "part")
            assert [g.unique().tolist() for g in gradients] == [[2.0], [2.0]]
        assert ask(process, "nothing")[1] == [None, None]
    finally:
        process.close()


def test_it_has_one_thread():
    process = lane(threads=lambda model, micro: torch.tensor([float(torch.get_num_threads())]))
    try:
        assert ask(process, "threads")[0].tolist() == [1.0]
    finally:
        process.close()


def test_an_error_keeps_its_trace():
    def breaks_here(model, micro):
        raise ValueError("odd")

    class Unsendable(Exception):
        def __init__(self, one, two):
            super().__init__(one)

    def cannot_be_sent(model, micro):
        raise Unsendable(1, 2)

    process = lane(breaks_here=breaks_here, cannot_be_sent=cannot_be_sent)
    try:
        with pytest.raises(ValueError, match="odd") as caught:
            ask(process, "breaks_here")
        assert "in breaks_here" in "".join(caught.value.__notes__)
        with pytest.raises(RuntimeError, match="Unsendable"):
            ask(process, "cannot_be_sent")
    finally:
        process.close()


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_process_that_was_killed_is_told(when):
    process = lane(wait=lambda model, micro: time.sleep(60))
    pid = process._pid
    if when == "before":
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
    with pytest.raises(OutOfResources, match="signal 9; the system ends processes so when memory runs out"):
        process.begin("wait", True, PART)
        os.kill(pid, signal.SIGKILL)
        process.wait()
    process.close()
    with pytest.raises(ChildProcessError):  # no zombie is left
        os.waitpid(pid, 0)


def test_one_that_is_still_at_work_is_ended_without_waiting():
    process = lane(wait=lambda model, micro: time.sleep(60))
    pid, begin = process._pid, time.monotonic()
    process.begin("wait", True, PART)
    assert process.close() == 0
    assert time.monotonic() - begin < 30
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)
    assert process.close() == 0  # nothing is left to end


def test_closing_tells_the_peak():
    process = lane(part=lambda model, micro: torch.ones(100 * MIB // 4).sum()[None])
    ask(process, "part")
    assert process.close() > 80 * MIB


def test_where_no_process_can_be_made_it_says_so(monkeypatch):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(OutOfResources, match="temporarily unavailable.*--threads 1"):
        lane()


def test_it_does_not_end_when_the_group_is_asked_to():
    process = lane(part=lambda model, micro: torch.ones(1))
    try:
        ask(process, "part")  # it lives
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(process._pid, number)
        assert ask(process, "part")[0].tolist() == [1.0]
    finally:
        process.close()


def test_it_ends_with_its_parent(tmp_path: Path):
    code = """
        import os, signal, sys, time, torch
        from firstwords.training.lane_process import LaneProcess, share_weights
        from firstwords.training.batch import Draws
        from firstwords.training.loader import MicroBatch
        model = torch.nn.Linear(3, 2)
        share_weights(list(model.parameters()))
        process = LaneProcess(model, {"wait": lambda model, micro: time.sleep(100)})
        process.begin("wait", True, MicroBatch([], Draws(0, ())))
        print(process._pid, flush=True)
        time.sleep(100)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 10
    while _is_alive(pid):
        assert time.monotonic() < end
        time.sleep(0.02)


def _is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_memory_that_it_has_alone_is_counted_and_what_it_shares_is_not():
    inherited = torch.ones(60 * MIB // 4)

    def part(model, micro):
        return inherited.sum()[None] + torch.ones(100 * MIB // 4).sum()[None]

    process = lane(part=part)
    try:
        before = process.peak_bytes()
        ask(process, "part")
        assert 95 * MIB < process.peak_bytes(restart=True, give_back=True) - before < 130 * MIB
        assert process.peak_bytes() < 60 * MIB
    finally:
        process.close()
