import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstwords.compute.pools.local import Local
from firstwords.errors import OutOfResources


def double(number: int) -> int:
    return 2 * number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def end_abruptly(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_is_done_once(workers: int) -> None:
    results: dict[str, int] = {}
    Local(workers=workers).run(double, {str(n): (n,) for n in range(9)}, results.__setitem__)
    assert results == {str(n): 2 * n for n in range(9)}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_task_raises_here_and_earlier_results_are_kept(workers: int) -> None:
    results: dict[str, int] = {}
    with pytest.raises(ValueError, match="three"):
        Local(workers=workers).run(fail_on_three, {str(n): (n,) for n in range(9)}, results.__setitem__)
    assert "3" not in results
    assert {"0", "1"} <= set(results)


def test_a_killed_worker_is_told_as_lack_of_memory() -> None:
    with pytest.raises(OutOfResources, match="memory"):
        Local(workers=2).run(end_abruptly, {"a": (1,), "b": (2,)}, {}.__setitem__)


def test_limited_never_adds_workers() -> None:
    assert Local(workers=2).limited(5).workers == 2
    assert Local(workers=4).limited(1).workers == 1


def test_a_prepared_pool_does_the_same() -> None:
    results: dict[str, int] = {}
    pool = Local(workers=2)
    pool.prepare(("json",))
    pool.run(double, {str(n): (n,) for n in range(3)}, results.__setitem__)
    assert results == {"0": 0, "1": 2, "2": 4}
    Local(workers=1).prepare(("no.such.module",))  # nothing to share


def test_workers_end_with_the_process_that_started_the_run(tmp_path) -> None:
    code = f"""
import os, time, pathlib
from firstwords.compute.pools.local import Local
from test_local import note_and_sleep
if __name__ == "__main__":
    Local(workers=2).run(note_and_sleep, {{"a": ({str(tmp_path)!r},), "b": ({str(tmp_path)!r},)}}, print)
"""
    script = tmp_path / "run.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": os.path.dirname(__file__)}
    run = subprocess.Popen([sys.executable, str(script)], env=environment)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("worker-*"))) < 2:
        assert time.monotonic() < deadline
        assert run.poll() is None
        time.sleep(0.02)
    workers = [int(path.name.partition("-")[2]) for path in tmp_path.glob("worker-*")]
    run.kill()
    run.wait()
    while any(is_alive(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.02)


def note_and_sleep(folder: str) -> None:
    (Path(folder) / f"worker-{os.getpid()}").touch()
    time.sleep(120)


def is_alive(process: int) -> bool:
    try:
        # A zombie has ended; nobody has asked for its exit code yet.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
        return False
