"""The pool `ray` keeps the contract of `local`; one small cluster on this machine serves all tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from firstwords.compute.pools.ray import Ray
from firstwords.errors import OutOfResources, RecipeError
from firstwords.recipe import build

pytest.importorskip("ray", reason="the extra 'ray' is not installed")
# Starting the cluster takes most of the time of this file.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]


def double(number: int) -> int:
    return 2 * number


def fail_on_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


def die_once(place: str) -> int:
    if not Path(place).exists():
        Path(place).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def surroundings(number: int) -> tuple[str, str | None, str | None]:
    return os.getcwd(), os.environ.get("FIRSTWORDS_DATA"), os.environ.get("OMP_NUM_THREADS")


@pytest.fixture(scope="module")
def pool():
    # Test modules have no importable name: their functions travel by value.
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    made = Ray(workers=2)
    yield made
    made.close()


def test_every_task_is_done_once(pool) -> None:
    results: dict[str, int] = {}
    pool.run(double, {str(n): (n,) for n in range(9)}, results.__setitem__)
    assert results == {str(n): 2 * n for n in range(9)}


def test_a_failing_task_raises_its_own_error_here_and_earlier_results_are_kept(pool) -> None:
    results: dict[str, int] = {}
    with pytest.raises(ValueError, match="three") as caught:
        pool.run(fail_on_three, {str(n): (n,) for n in range(30)}, results.__setitem__)
    assert type(caught.value) is ValueError
    assert {"0", "1"} <= set(results) and "3" not in results and len(results) < 30


def test_a_task_whose_worker_dies_is_tried_again(pool, tmp_path) -> None:
    results: dict[str, int] = {}
    pool.run(die_once, {name: (str(tmp_path / name),) for name in ("a", "b")}, results.__setitem__)
    assert set(results) == {"a", "b"}


def test_a_worker_that_dies_again_is_told_as_lack_of_memory(pool) -> None:
    with pytest.raises(OutOfResources, match="memory"):
        pool.run(die, {"a": (1,), "b": (2,)}, {}.__setitem__)


def test_paths_mean_there_what_they_mean_here(pool, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRSTWORDS_DATA", "/somewhere")
    results: dict[str, tuple] = {}
    pool.run(surroundings, {"a": (1,), "b": (2,)}, results.__setitem__)
    assert set(results.values()) == {(str(tmp_path), "/somewhere", "1")}


def test_at_most_so_many_tasks_at_once(pool, tmp_path) -> None:
    results: dict[str, int] = {}
    pool.limited(1).run(die_once, {}, results.__setitem__)
    assert pool.limited(5).workers == 2 and pool.limited(1).workers == 1


def test_usage_reporting_is_off_and_the_clusters_traffic_stays_in_this_machine(pool) -> None:
    import ray
    from ray._common.usage.usage_lib import usage_stats_enabled

    pool.run(double, {"a": (1,), "b": (2,)}, {}.__setitem__)
    assert not usage_stats_enabled()
    assert {node["NodeManagerAddress"].partition(".")[0] for node in ray.nodes()} == {"127"}
    assert ray.cluster_resources()["CPU"] == 2


def test_a_wrong_address_is_told_plainly() -> None:
    code = (
        "from firstwords.compute.pools.ray import Ray\n"
        "from firstwords.errors import RecipeError\n"
        "try: Ray(workers=2, address='nonsense').run(len, {'a': ('',), 'b': ('',)}, print)\n"
        "except RecipeError as error: print(error)\n"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "no Ray cluster answers at 'nonsense'" in output


def test_without_ray_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RecipeError, match=r"pip install 'firstwords\[ray\]'"):
        build(Ray, {"workers": 2})


def test_workers_end_with_the_process_that_started_the_run(tmp_path) -> None:
    here = os.path.dirname(__file__)
    code = f"""
from firstwords.compute.pools.ray import Ray
from test_local import note_and_sleep
Ray(workers=2).run(note_and_sleep, {{"a": ({str(tmp_path)!r},), "b": ({str(tmp_path)!r},)}}, print)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    run = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("worker-*"))) < 2:
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.05)
    workers = [int(path.name.partition("-")[2]) for path in tmp_path.glob("worker-*")]
    run.kill()
    run.wait()
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.05)
