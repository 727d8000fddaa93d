"""A child that may be lost: hanging, crashing and greedy items cost themselves only."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstwords.data.sandbox import BATCH_ITEMS, Job, Lost, Sandbox, shared_sandbox

MAKE = "sandbox_functions:make"


@pytest.fixture(autouse=True, params=[False, True], ids=["new", "forked"])
def functions(request, tmp_path, monkeypatch):
    """A module of dangerous functions that the child can import; the first child new or forked."""
    monkeypatch.setattr("firstwords.data.sandbox.may_fork", lambda: request.param)
    sys.modules.pop("sandbox_functions", None)
    (tmp_path / "sandbox_functions.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))


FUNCTIONS = """
import ctypes, os, time

def make(settings):
    def run(fields, body):
        what = fields["do"]
        if what == "spin":
            while True: pass
        if what == "sleep":
            time.sleep(100)
        if what == "crash":
            ctypes.string_at(0)
        if what == "exit":
            os._exit(3)
        if what == "eat":
            return len(bytearray(2**31))
        if what == "fail":
            raise ValueError("our own mistake")
        if what == "print":
            print("noise on standard output", flush=True)
            os.write(1, b"more noise")
        return [what, len(body), settings.get("extra"), os.getpid()]
    return run
"""


def job(seconds: float = 5.0) -> Job:
    return Job(MAKE, {"extra": "x"}, seconds, 2**28)


def run(*what: str, seconds: float = 5.0):
    with Sandbox(job(seconds)) as sandbox:
        answers = list(sandbox.map(({"do": each}, b"body") for each in what))
    return [each.reason if isinstance(each, Lost) else each[0] for each in answers], sandbox.starts


def test_answers_come_in_order_from_one_child() -> None:
    with Sandbox(job()) as sandbox:
        answers = list(sandbox.map(({"do": str(i)}, b"x" * i) for i in range(3 * BATCH_ITEMS)))
        assert [(each[0], each[1]) for each in answers] == [(str(i), i) for i in range(3 * BATCH_ITEMS)]
        assert {each[2] for each in answers} == {"x"} and len({each[3] for each in answers}) == 1
        assert sandbox.starts == 1 and list(sandbox.map([])) == []


@pytest.mark.parametrize(
    ("what", "reason"), [("spin", "timeout"), ("crash", "crashed"), ("exit", "crashed"), ("eat", "memory")]
)
def test_a_lost_item_costs_itself_only(what, reason) -> None:
    assert run("a", what, "b", what, "c", seconds=0.3) == (["a", reason, "b", reason, "c"], 3)


def test_a_child_that_sleeps_is_ended_by_the_clock(monkeypatch) -> None:
    monkeypatch.setattr("firstwords.data.sandbox.CLOCK_FACTOR", 2)
    begun = time.monotonic()
    assert run("sleep", "a", seconds=0.3)[0] == ["timeout", "a"]
    assert time.monotonic() - begun < 10


def test_what_a_library_prints_does_no_harm() -> None:
    assert run("print", "a")[0] == ["print", "a"]


def test_our_own_mistakes_are_raised() -> None:
    with pytest.raises(RuntimeError, match="our own mistake"):
        run("fail")
    with pytest.raises(RuntimeError, match="did not start"), Sandbox(Job("no_such:thing", {}, 1.0, 2**28)) as sandbox:
        list(sandbox.map([({}, b"")]))


def test_answers_left_unread_are_not_taken_for_others() -> None:
    with Sandbox(job()) as sandbox:
        answers = sandbox.map(({"do": str(i)}, b"") for i in range(10))
        assert next(answers)[0] == "0"
        answers.close()
        assert next(sandbox.map([({"do": "new"}, b"")]))[0] == "new"


def test_a_child_that_died_between_batches_is_replaced() -> None:
    with Sandbox(job()) as sandbox:
        (first,) = sandbox.map([({"do": "a"}, b"")])
        os.kill(first[3], signal.SIGKILL)
        time.sleep(0.2)
        answers = list(sandbox.map([({"do": "b"}, b"")]))
        assert answers[0][0] == "b"


def test_large_bodies_pass_both_ways() -> None:
    with Sandbox(job()) as sandbox:
        sizes = [each[1] for each in sandbox.map(({"do": "a"}, bytes(n)) for n in (0, 5_000_000, 1, 300_000))]
    assert sizes == [0, 5_000_000, 1, 300_000]


def test_one_sandbox_a_job() -> None:
    assert shared_sandbox(job()) is shared_sandbox(job())
    assert shared_sandbox(job()) is not shared_sandbox(job(9.0))


def test_the_child_ends_with_its_parent(tmp_path) -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(tmp_path)!r})
from firstwords.data.sandbox import Job, Sandbox
sandbox = Sandbox(Job({MAKE!r}, {{}}, 100.0, 2**28))
print(next(sandbox.map([({{"do": "a"}}, b"")]))[3], flush=True)
next(sandbox.map([({{"do": "spin"}}, b"")]))
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        time.sleep(0.2)
        parent.kill()
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")
