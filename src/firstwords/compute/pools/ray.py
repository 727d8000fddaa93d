"""Tasks on a Ray cluster: several machines that see the same files."""

import dataclasses
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firstwords.compute.pool import Pool
from firstwords.errors import OutOfResources, RecipeError
from firstwords.recipe import DATA_VARIABLE, runtime

ADDRESS_VARIABLE = "RAY_ADDRESS"
RETRIES = 1  # of a task whose worker died; an exception is a task's result and is never tried again
# Receipts are all that passes through Ray; the least that it takes.
OBJECT_STORE_BYTES = 80 * 2**20
# Ray turns 127.0.0.1 into the address by which other machines reach this one; elsewhere than on Linux it never does.
LOOPBACK = "127.0.0.2" if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Ray(Pool):
    """A task for every free core of a cluster, at most `workers` at once.

    Joins the cluster at `address` or, without one, at the environment variable RAY_ADDRESS; where neither is given it
    starts a cluster of `workers` cores in this machine that ends with the run; its traffic stays in this machine, and
    who talks to it needs a token. On other machines firstwords must be installed, and the folder of artifacts and all
    inputs must lie under the same paths. Ray's usage reporting is off.
    """

    workers: int = runtime(1)
    address: str | None = runtime(None)

    def __post_init__(self) -> None:
        if importlib.util.find_spec("ray") is None:
            raise RecipeError("the pool 'ray' needs Ray, which is not installed: pip install 'firstwords[ray]'")

    def limited(self, workers: int) -> "Ray":
        """The same pool with at most so many workers."""
        return dataclasses.replace(self, workers=min(self.workers, workers))

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Nothing: the cluster is joined or started when there is work for more than one worker."""

    def run(
        self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], done: Callable[..., None]
    ) -> None:
        """Run the tasks; see `Pool.run`. One worker means this process itself.

        Raises:
            OutOfResources: If the worker of a task was killed from outside, twice.
        """
        if min(self.workers, len(tasks)) <= 1:
            for key, arguments in tasks.items():
                done(key, function(*arguments))
            return
        ray = self._connect()
        # Nothing waits inside Ray: what runs when one task fails is all there is to wait for.
        call = ray.remote(num_cpus=1, max_retries=RETRIES)(_call)
        place = (str(Path.cwd()), os.environ.get(DATA_VARIABLE))
        waiting: dict[Any, str] = {}
        error: BaseException | None = None
        with _cancelled_on_interruption(waiting):
            for key, arguments in tasks.items():
                waiting[call.remote(*place, function, arguments)] = key
                if len(waiting) >= self.workers:
                    error = _collect(waiting, done)
                if error is not None:
                    break
            while waiting:
                found = _collect(waiting, done)
                error = error or found
        if error is not None:
            raise error

    def close(self) -> None:
        """End the cluster that this process started, or leave the one that it joined."""
        ray = sys.modules.get("ray")
        if ray is not None and _connections:
            ray.shutdown()
            _connections.clear()

    def _connect(self) -> Any:
        """Ray, after a cluster was joined or started, once for a process."""
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        address = self.address or os.environ.get(ADDRESS_VARIABLE)
        if not address and "ray" not in sys.modules:
            # Its servers listen on all addresses of the machine. Ray reads this when it is imported, never again.
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        import ray

        if ray.is_initialized():
            return ray  # by us before, or by the program that we are part of
        quiet: dict[str, Any] = {"configure_logging": False, "log_to_driver": False}
        if address:
            try:
                ray.init(address=address, **quiet)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise RecipeError(f"no Ray cluster answers at '{address}': {str(error).splitlines()[0]}") from None
        else:
            ray.init(
                num_cpus=self.workers,
                object_store_memory=OBJECT_STORE_BYTES,
                include_dashboard=False,
                _node_ip_address=LOOPBACK,
                # What this process can import, its tasks can.
                runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}},
                **quiet,
            )
        _connections.append(address or "")
        return ray


_connections: list[str] = []
"""The cluster that this process has joined or started."""


def _call(folder: str, data: str | None, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """In the worker: paths mean there what they mean here."""
    os.chdir(folder)
    if data is not None:
        os.environ[DATA_VARIABLE] = data
    return function(*arguments)


def _collect(waiting: dict[Any, str], done: Callable[..., None]) -> BaseException | None:
    """Hand on what has ended, at least one; the first error among it by key."""
    import ray

    ended, _ = ray.wait(list(waiting), num_returns=1)
    errors: list[BaseException] = []
    for reference in sorted(ended, key=lambda each: waiting[each]):
        key = waiting.pop(reference)
        try:
            result = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            errors.append(error.cause if isinstance(error.cause, BaseException) else error)
        except (
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.OutOfMemoryError,
            ray.exceptions.NodeDiedError,
        ):
            errors.append(
                OutOfResources("a worker process was killed, most likely because memory ran out; try fewer workers")
            )
        else:
            done(key, result)
    return errors[0] if errors else None


@contextmanager
def _cancelled_on_interruption(waiting: dict[Any, str]) -> Iterator[None]:
    """End the tasks under way when the block does not end by itself."""
    import ray

    try:
        yield
    except BaseException:
        for reference in waiting:
            ray.cancel(reference, force=True)
        raise
