"""The interpreter's own documentation server, in a child that knows nothing of its surroundings.

`python -I -S -m pydoc -p 0` runs with an empty environment in an empty temporary folder: pydoc imports what it
shows, and the pages of `os` and `sys` print the environment and the paths. Standard input is held open, because the
server ends with it; that, and a signal where the system offers one, makes the child end when this process ends,
however it ends.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import threading

from firstwords.data.crawl.address import AddressRules
from firstwords.data.crawl.fetch import Fetcher, FetchFailed, Response
from firstwords.data.split import PYDOC
from firstwords.errors import FirstwordsError

START_SECONDS = 30.0
# Run in the child before pydoc replaces it: ask Linux for a SIGKILL when the parent ends (PR_SET_PDEATHSIG = 1), then
# make sure that it has not ended already.
_LEASH = """
import os, sys
try:
    import ctypes
    ctypes.CDLL(None).prctl(1, 9)
except (ImportError, OSError, AttributeError):
    pass
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execve(sys.executable, [sys.executable, "-I", "-S", "-m", "pydoc", "-p", "0"], {})
"""


class DocumentationServer:
    """A running documentation server that is fetched from by `pydoc:///` addresses. A context manager.

    Args:
        deadline: Seconds for one page; a server that needs longer is replaced.
    """

    def __init__(self, deadline: float = 60.0) -> None:
        self.deadline = deadline
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self._port = 0
        self.starts = 0

    @property
    def pid(self) -> int:
        """The running server's process, 0 if there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def folder(self) -> str:
        """The server's working directory, empty and of a random name."""
        return self._folder

    def __enter__(self) -> DocumentationServer:
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def fetch(self, url: str) -> Response:
        """The page of an address such as `pydoc:///json` or `pydoc:///topic?key=ASSERTION`.

        Raises:
            FetchFailed: If the server hung or died over it; the next call finds a new server.
        """
        if self._process is None:
            self._start()
        name = url.removeprefix(PYDOC)
        path = name if "?" in name else f"{name}.html"
        rules = AddressRules((f"127.0.0.1:{self._port}",))
        fetcher = Fetcher(agent="firstwords", rules=rules, max_bytes=2**26, deadline=self.deadline)
        try:
            response = fetcher.fetch(f"http://127.0.0.1:{self._port}/{path}")
        except FetchFailed:
            self._stop()
            raise
        return Response(url, response.status, response.phrase, response.headers, response.body)

    def _start(self) -> None:
        self._folder = tempfile.mkdtemp()
        command = [sys.executable, "-I", "-S", "-c", _LEASH, str(_own_pid())]
        self._process = subprocess.Popen(
            command,
            env={},
            cwd=self._folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Its own session: a Ctrl-C at the terminal is ours to handle, not the server's.
            start_new_session=True,
        )
        self.starts += 1
        self._port = self._read_port()

    def _read_port(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        # A server that never says its port would block the read for ever.
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline().decode("utf-8", "replace")
        finally:
            watchdog.cancel()
        match = re.search(r"http://[^/]*:(\d+)/", line)
        if not match:
            self._stop()
            raise FirstwordsError(
                f"the documentation server of {sys.executable} did not start: {line.strip() or 'no output'}"
            )
        return int(match[1])

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def _own_pid() -> int:
    import os

    return os.getpid()
