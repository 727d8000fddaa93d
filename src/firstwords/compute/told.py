"""Imported last by a fork server that began early: waits to be told what else to import (`compute.early_server`)."""

import os
import select
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from firstwords.compute.early_server import NOBODY, VARIABLE


def wait_for_modules(place: Path) -> list[str] | None:
    """What was told; None if nobody needs this server, or who started it has ended. The pipe's name is removed."""
    pipe = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
    place.unlink()
    place.parent.rmdir()
    told = b""
    try:
        while not told.endswith(b"\n"):
            try:  # first: of a writer that ended before the pipe was opened here, `select` knows nothing
                part = os.read(pipe, 2**16)
            except BlockingIOError:
                select.select([pipe], [], [])
                continue
            if not part:
                return None
            told += part
    finally:
        os.close(pipe)
    modules = told.decode().split()
    return None if modules == [NOBODY] else modules


if VARIABLE in os.environ:
    _modules = wait_for_modules(Path(os.environ.pop(VARIABLE)))
    if _modules is None:
        raise SystemExit
    for _module in _modules:
        with suppress(ImportError):  # told where it is used
            import_module(_module)
import_module("firstwords.compute.frozen")
