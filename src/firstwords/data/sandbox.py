"""Running parsers that may hang, crash or eat memory: in a child process that may be lost.

The child lives long and is given records in batches. It answers one by one, so that when it dies the parent knows over
which record; that record is reported, a new child goes on with the next. The limit of time is of processor time, so
that a busy machine gives the same result as an idle one; a much longer limit on the clock catches a child that sleeps.

What goes over the pipes is JSON and bytes, never a pickle: a hostile page may have taken over the parser that answers.

A worker that came from a fork server forks its first child, which then has everything loaded; everywhere else, and
after a loss, a new interpreter is started.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import importlib
import io
import json
import multiprocessing
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from firstwords.data.document import Reason

BATCH_ITEMS = 32
BATCH_BYTES = 2**20
PIPE_BYTES = 2**16
WIDE_PIPE_BYTES = 2**20
# A child that waits instead of working is given this many times the limit on the clock.
CLOCK_FACTOR = 10
# The first child on a machine may compile kernels, which takes half a minute where nothing else runs.
START_SECONDS = 300.0
_LENGTH = struct.Struct(">Q")
_BATCH, _READY, _DONE, _FAILED = b"b", b"r", b"d", b"f"


Item = tuple[dict[str, Any], bytes]
"""JSON values about a record, and its bytes."""


@dataclass(frozen=True)
class Lost:
    """What became of an item whose processing did not end: `timeout`, `crashed` or `memory`."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class Job:
    """What the child does: `make(settings)` gives the function that is applied to every item.

    Attributes:
        make: `module:function`. The function it returns takes an item's JSON values and bytes and returns a JSON value.
        settings: JSON values.
        seconds: Processor time for one item.
        memory: Bytes of address space beyond what the child has when it is ready.
    """

    make: str
    settings: Mapping[str, Any]
    seconds: float
    memory: int


class _Forked:
    """A child forked from this process: what `Sandbox` asks of `subprocess.Popen`.

    Nothing of this process stays open in it but its standard error, as in a new interpreter.
    """

    def __init__(self) -> None:
        given, stdin = os.pipe()
        stdout, taken = os.pipe()
        with warnings.catch_warnings():
            # Python warns of other threads here. The one there is (`pools.local.end_with`) holds no lock.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = os.fork()
        if self._process == 0:
            _serve_forked(given, taken)
        os.close(given)
        os.close(taken)
        self.stdin, self.stdout = os.fdopen(stdin, "wb", buffering=0), os.fdopen(stdout, "rb", buffering=0)
        self._status: int | None = None

    def kill(self) -> None:
        if self._status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process, signal.SIGKILL)

    def wait(self) -> int:
        """Exit code, negative for a signal."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        return self._status


def _serve_forked(given: int, taken: int) -> NoReturn:
    """The life of a forked child, which ends here whatever happens: it must never go on as a second parent."""
    code = 1
    try:
        os.setsid()
        os.dup2(given, 0)
        os.dup2(taken, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        _shared.clear()
        serve()
        code = 0
    except BaseException:
        import traceback

        # Not through `sys.stderr`, whose file may be one of those closed.
        os.write(2, traceback.format_exc().encode(errors="backslashreplace"))
    finally:
        os._exit(code)


def may_fork() -> bool:
    """Whether a child may be forked from this process: a worker, without threads that work, from a fork server whose
    hashes are the same in every run, as those of a new interpreter are.
    """
    is_worker = multiprocessing.parent_process() is not None and sys.platform == "linux"
    return is_worker and not sys.flags.hash_randomization


class Sandbox:
    """A child process that does one job for many items. A context manager; starts with the first item."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._process: subprocess.Popen[bytes] | _Forked | None = None
        self.starts = 0

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def map(self, items: Iterable[Item]) -> Iterator[Any]:
        """The function's result for every item, in order, or a `Lost` in its place. Items are read as they are needed.

        Raises:
            RuntimeError: If the function itself raises something else than MemoryError: a mistake of ours.
        """
        batch: list[Item] = []
        held = 0
        for item in items:
            batch.append(item)
            held += len(item[1])
            if len(batch) == BATCH_ITEMS or held >= BATCH_BYTES:
                yield from self._run(batch)
                batch, held = [], 0
        if batch:
            yield from self._run(batch)

    def _run(self, batch: list[Item]) -> Iterator[Any]:
        position = 0
        try:
            while position < len(batch):
                try:
                    self._send(batch[position:])
                except BrokenPipeError:
                    # It died between batches, over nothing: a new one is tried once.
                    self.close()
                    self._send(batch[position:])
                while position < len(batch):
                    answer = self._answer()
                    position += 1
                    if isinstance(answer, Lost):
                        self.close()
                        yield answer
                        break
                    yield answer
        finally:
            # Answers that nobody has read must not be taken for those of the next batch.
            if position < len(batch):
                self.close()

    def _send(self, items: list[Item]) -> None:
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        heads = json.dumps([[fields, len(body)] for fields, body in items]).encode()
        _write(self._process.stdin, _BATCH, b"".join([_LENGTH.pack(len(heads)), heads, *(body for _, body in items)]))

    def _answer(self) -> Any:
        assert self._process is not None
        kind, data = self._answers.next(time.monotonic() + CLOCK_FACTOR * self._job.seconds + 1.0)
        if kind == _DONE:
            return json.loads(data)
        if kind == _FAILED:
            name, text = json.loads(data)
            if name == "MemoryError":
                return Lost("memory", f"more than {self._job.memory} bytes")
            raise RuntimeError(text)
        if kind == b"":  # the child is gone
            code = self._process.wait()
            if code == -signal.SIGPROF:
                return Lost("timeout", f"more than {self._job.seconds:g} s of processor time")
            return Lost("crashed", f"exit code {code}" if code >= 0 else f"signal {-code}")
        return Lost("timeout", f"no answer within {CLOCK_FACTOR * self._job.seconds:g} s")

    def _start(self) -> None:
        # Only the first: later this process may have threads that would leave locks behind.
        self._process = _Forked() if self.starts == 0 and may_fork() else _new_interpreter()
        self.starts += 1
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for stream in (self._process.stdin, self._process.stdout):
            _widen(stream.fileno())
        job = [self._job.make, dict(self._job.settings), self._job.seconds, self._job.memory, os.getpid()]
        _write(self._process.stdin, _BATCH, json.dumps(job).encode())
        self._answers = _Answers(self._process.stdout)
        kind, _ = self._answers.next(time.monotonic() + START_SECONDS)
        if kind != _READY:
            self.close()
            raise RuntimeError("the extraction process did not start")


def _widen(pipe: int) -> None:
    """Let a pipe hold a whole batch, so that neither side waits for the other at every 64 KiB (Linux)."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        # What all pipes of a user may hold is limited.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, WIDE_PIPE_BYTES)


def _new_interpreter() -> subprocess.Popen[bytes]:
    paths = [path for path in sys.path if path]
    return subprocess.Popen(
        [sys.executable, "-c", "from firstwords.data.sandbox import serve; serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        # One thread a library: address space and processor time are those of the parser alone.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
        start_new_session=True,
    )


def shared_sandbox(job: Job) -> Sandbox:
    """The sandbox of this process for a job, made once: starting one takes as long as parsing a hundred pages."""
    key = json.dumps([job.make, dict(job.settings), job.seconds, job.memory], sort_keys=True)
    if key not in _shared:
        _close_shared()
        _shared[key] = Sandbox(job)
    return _shared[key]


def _close_shared() -> None:
    while _shared:
        _shared.popitem()[1].close()


_shared: dict[str, Sandbox] = {}
atexit.register(_close_shared)


# --- Frames: one byte of kind, eight of length, the data
# ---------------------------------------------------------------


def _write(stream: Any, kind: bytes, data: bytes) -> None:
    for part in (kind + _LENGTH.pack(len(data)), data):
        rest = memoryview(part)
        while rest:
            rest = rest[stream.write(rest) :]
    stream.flush()


class _Answers:
    """The frames that come from a child, read in large pieces: a pipe may hold many of them."""

    def __init__(self, stream: Any) -> None:
        self._file = stream.fileno()
        self._held = bytearray()
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)

    def next(self, deadline: float) -> tuple[bytes, bytes]:
        """A frame; kind empty when the stream has ended, `t` when the deadline passed."""
        start = 1 + _LENGTH.size
        wanted = start
        while True:
            if len(self._held) >= start:
                wanted = start + _LENGTH.unpack_from(self._held, 1)[0]
                if len(self._held) >= wanted:
                    break
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return b"t", b""
            piece = os.read(self._file, max(PIPE_BYTES, min(wanted - len(self._held), 2**20)))
            if not piece:
                return b"", b""
            self._held += piece
        kind, data = bytes(self._held[:1]), bytes(self._held[start:wanted])
        del self._held[:wanted]
        return kind, data


# --- In the child
# ------------------------------------------------------------------------------------------------------


def serve() -> None:
    """The child's main loop: ends with its standard input."""
    stdin, stdout = os.fdopen(0, "rb", buffering=2**20), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the frames.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = io.StringIO()
    setting = _next_frame(stdin)
    if setting is None:
        return
    make, settings, seconds, memory, parent = json.loads(setting)
    _end_with(parent)
    module, _, name = make.partition(":")
    function = getattr(importlib.import_module(module), name)(settings)
    _limit_memory(memory)
    _write(stdout, _READY, b"")
    while (frame := _next_frame(stdin)) is not None:
        for fields, body in _items(frame):
            _write(stdout, *_outcome(function, fields, body, seconds))


def _outcome(
    function: Callable[[dict[str, Any], bytes], Any], fields: dict[str, Any], body: bytes, seconds: float
) -> tuple[bytes, bytes]:
    # The kernel ends the process when the time is over, also in the middle of C code.
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        kind, value = _DONE, function(fields, body)
    except MemoryError as error:
        kind, value = _FAILED, ["MemoryError", str(error)]
    except Exception as error:  # told to the parent, which raises it
        import traceback

        kind, value = _FAILED, [type(error).__name__, traceback.format_exc()]
    signal.setitimer(signal.ITIMER_PROF, 0)
    return kind, json.dumps(value).encode()


def _items(frame: bytes) -> Iterator[Item]:
    length = _LENGTH.unpack_from(frame)[0]
    position = _LENGTH.size + length
    for fields, size in json.loads(frame[_LENGTH.size : position]):
        yield fields, frame[position : position + size]
        position += size


def _next_frame(stream: Any) -> bytes | None:
    header = stream.read(1 + _LENGTH.size)
    if len(header) < 1 + _LENGTH.size:
        return None
    length = _LENGTH.unpack(header[1:])[0]
    data = stream.read(length)
    return data if len(data) == length else None


def _end_with(parent: int) -> None:
    """Ask for a SIGKILL when the parent ends: reading from it may be hours away, inside a parser that hangs."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, on Linux
    except (ImportError, OSError, AttributeError):
        pass
    if os.getppid() != parent:
        sys.exit(1)


def _limit_memory(memory: int) -> None:
    """Limit the address space to what is in use now and `memory` more."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        used = 2**30
    with_limit = used + memory
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        with_limit = min(with_limit, hard)
    # Some systems (macOS) do not limit address space: there the clock and the system's own limits must do.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (with_limit, hard))
