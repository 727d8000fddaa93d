"""Worker processes on this machine."""

import dataclasses
import multiprocessing
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from firstwords.compute import early_server
from firstwords.compute.pool import Pool
from firstwords.errors import OutOfResources
from firstwords.recipe import runtime

POLL_SECONDS = 1.0


def end_with(process: int) -> None:
    """Make this worker end when a process does, so that a killed run leaves nobody who writes its files.

    The parent of a worker is the fork server, which outlives a killed run as long as its workers do; so each worker
    watches the process that started the run.

    Args:
        process: Its id.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the run's process decides
    threading.Thread(target=_wait_and_end, args=(process,), daemon=True).start()


def _wait_and_end(process: int) -> None:
    try:
        if hasattr(os, "pidfd_open"):
            poll = select.poll()
            poll.register(os.pidfd_open(process), select.POLLIN)
            poll.poll()
        else:
            while True:
                os.kill(process, 0)
                time.sleep(POLL_SECONDS)
    except ProcessLookupError:
        pass  # it has ended already
    os._exit(1)


@dataclass(frozen=True, kw_only=True)
class Local(Pool):
    """A process for every worker; one worker means this process itself, which starts at once."""

    workers: int = runtime(1)

    def limited(self, workers: int) -> "Local":
        """The same pool with at most so many workers."""
        return dataclasses.replace(self, workers=min(self.workers, workers))

    def prepare(self, modules: tuple[str, ...]) -> None:
        """Start the fork server, which imports while the run goes on; once it runs, it imports nothing more."""
        if self.workers <= 1:
            early_server.dismiss()
        elif not early_server.tell(modules):
            early_server.start(modules)

    def close(self) -> None:
        """Nothing is held: workers end with `run`."""

    def run(
        self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], done: Callable[..., None]
    ) -> None:
        """Run the tasks; see `Pool.run`.

        Raises:
            OutOfResources: If a worker was killed from outside, which on most machines means that memory ran out.
        """
        if min(self.workers, len(tasks)) <= 1:
            for key, arguments in tasks.items():
                done(key, function(*arguments))
            return
        # "forkserver": forking this process itself would copy locks of threads that libraries have started.
        early_server.start()
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(
            min(self.workers, len(tasks)), context, initializer=end_with, initargs=(os.getpid(),)
        ) as executor:
            waiting: dict[Future[Any], str] = {}
            try:
                for key, arguments in tasks.items():
                    waiting[executor.submit(function, *arguments)] = key
                    if len(waiting) > 2 * self.workers:
                        _collect(waiting, done, FIRST_COMPLETED)
                _collect(waiting, done, ALL_COMPLETED)
            except BrokenProcessPool as error:
                raise OutOfResources(
                    "a worker process was killed, most likely because memory ran out; try fewer workers"
                ) from error
            except Exception:
                # What is running ends and its results are kept; what has not begun is left for the next run.
                waiting = {future: key for future, key in waiting.items() if not future.cancel()}
                with suppress(Exception):
                    _collect(waiting, done, ALL_COMPLETED)
                raise
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                raise


def _collect(waiting: dict[Future[Any], str], done: Callable[..., None], until: str) -> None:
    """Hand on what has ended; the first error by key is raised after all results."""
    errors = []
    while waiting:
        ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
        # In key order, so that what is told about them does not depend on the clock.
        for future in sorted(ended, key=lambda f: waiting[f]):
            key = waiting.pop(future)
            error = future.exception()
            if error is None:
                done(key, future.result())
            else:
                errors.append(error)
        if errors:
            raise errors[0]
        if until == FIRST_COMPLETED:
            return
