"""A fork server that starts before the recipe is read: workers of data steps are ready a quarter of a second earlier.

What every run needs the server imports at once. What else this one needs is told later, when the recipe is understood,
through a named pipe at which the server waits (`firstwords.compute.told`); once it has imported that, it makes workers.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path

from firstwords.machine import num_cores

PRELOADED = ("firstwords.compute.uncollected", "firstwords.data.shards", "numba")
"""What every fork server imports once, so that the workers of every step after have it when they start; what single
stages need is in their `preloads` (together a second otherwise for each worker, and a stage has many steps)."""

VARIABLE = "FIRSTWORDS_TOLD"
NOBODY = "-"
"""Told to a server that no step needs."""

_pipe: int | None = None
_dismissed = False


def begin() -> None:
    """Start the server, where there is a core for it and this is the only process of the run."""
    global _pipe  # noqa: PLW0603 (one server a process, as in `multiprocessing` itself)
    if _pipe is not None or num_cores() < 2 or "RANK" in os.environ or not hasattr(os, "mkfifo"):
        return
    place = Path(tempfile.mkdtemp(prefix="firstwords-")) / "told"
    os.mkfifo(place, 0o600)
    # Opened for both, so that this does not wait for a reader, and the reader sees an end only when this process ends.
    _pipe = os.open(place, os.O_RDWR | os.O_CLOEXEC)
    os.environ[VARIABLE] = str(place)
    _start([*PRELOADED, "firstwords.compute.told"])
    del os.environ[VARIABLE]


def start(modules: Sequence[str] = ()) -> None:
    """Start a server that imports what every run needs and these modules, unless one runs."""
    _start(["__main__", *PRELOADED, *modules, "firstwords.compute.frozen"])


def _start(preload: list[str]) -> None:
    global _dismissed  # noqa: PLW0603
    if _dismissed:  # until then it counts as running; who ended is left for `ensure_running` to see
        os.waitid(os.P_PID, forkserver._forkserver._forkserver_pid, os.WEXITED | os.WNOWAIT)  # type: ignore[attr-defined]
        _dismissed = False
    multiprocessing.get_context("forkserver").set_forkserver_preload(preload)
    with _equal_hashes():
        forkserver.ensure_running()


def tell(modules: Sequence[str]) -> bool:
    """Say what the workers will need besides; False if no server waits to be told."""
    global _pipe  # noqa: PLW0603
    if _pipe is None:
        return False
    os.write(_pipe, (" ".join(modules) + "\n").encode())
    _pipe = None  # stays open, and is read whenever the server comes to it
    return True


def dismiss() -> None:
    """Let a server that waits end: nobody needs it."""
    global _dismissed  # noqa: PLW0603
    _dismissed = tell([NOBODY]) or _dismissed


@contextmanager
def _equal_hashes() -> Iterator[None]:
    """Processes started here hash strings as in every other run: what is forked from them may read hostile pages only
    if the order of a set does not change what it finds (`data.sandbox.may_fork`).
    """
    before = os.environ.get("PYTHONHASHSEED")
    os.environ["PYTHONHASHSEED"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONHASHSEED"]
        else:
            os.environ["PYTHONHASHSEED"] = before
