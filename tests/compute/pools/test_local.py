import os
import signal

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
