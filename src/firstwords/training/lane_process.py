"""A lane in a process of its own: forked from this one, with which it shares the memory of weights and gradients.

Threads of one Python process take turns at its lock, which costs a small model up to 40 % of a step
(docs/decisions/055-a-process-for-each-lane.md).
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from firstwords.errors import FirstwordsError, OutOfResources
from firstwords.training.footprint import give_back_memory, peak_bytes, restart_peak, status_bytes
from firstwords.training.loader import MicroBatch

Function = Callable[[nn.Module, MicroBatch], Tensor]
"""Gives sums over a micro-batch, and may add to the model's gradients."""

# Where each tensor begins in shared memory: a line of the processor's cache.
ALIGNMENT = 64
PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>


def can_fork() -> bool:
    """Whether a lane may be forked: on Linux, where no GPU keeps threads of its own in torch's gradients."""
    return sys.platform == "linux" and not torch.cuda.is_available()


def shared_like(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Zeros of the same shapes and types in memory that processes which are forked later share.

    The memory is anonymous: /dev/shm, which containers keep small, is not used.
    """
    sizes = [-(-tensor.nbytes // ALIGNMENT) * ALIGNMENT for tensor in tensors]
    memory = mmap.mmap(-1, max(ALIGNMENT, sum(sizes)))  # its tensors keep it
    made, begin = [], 0
    for tensor, size in zip(tensors, sizes, strict=True):
        numbers = torch.frombuffer(memory, dtype=tensor.dtype, count=tensor.numel(), offset=begin)
        made.append(numbers.view(tensor.shape))
        begin += size
    return made


def share_weights(parameters: Sequence[nn.Parameter]) -> None:
    """Move weights into memory that processes which are forked later share."""
    for parameter, place in zip(parameters, shared_like(parameters), strict=True):
        parameter.data = place.copy_(parameter.detach())


@dataclass(frozen=True)
class _Asked:
    """A function to call with a part of a micro-batch."""

    function: str
    training: bool
    part: MicroBatch


@dataclass(frozen=True)
class _Memory:
    """How much memory was held at most is to be told."""

    restart: bool
    give_back: bool


@dataclass(frozen=True)
class _Answer:
    """What came of it.

    Attributes:
        value: Sums, or bytes.
        dense: Places of the parameters whose shared gradients were written.
        rows: For parameters with few rows in their gradients, which; the numbers are the first of the shared gradient.
        error: That was raised.
    """

    value: Any = None
    dense: frozenset[int] = frozenset()
    rows: Mapping[int, np.ndarray] = field(default_factory=dict)
    error: BaseException | None = None


class LaneProcess:
    """A process with the model as it is now; later updates of its weights are seen there, other changes are not.

    Args:
        model: Its weights are in shared memory (`share_weights`).
        functions: That it can be asked for.

    Raises:
        OutOfResources: If the system makes no process, or when it has ended one.
    """

    def __init__(self, model: nn.Module, functions: Mapping[str, Function]) -> None:
        self._gradients = shared_like(list(model.parameters()))
        self._answer = _Answer()
        self._is_busy = False
        self._connection, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        give_back_memory()  # free memory that both would fill counts twice
        parent = os.getpid()
        with warnings.catch_warnings():
            # Python warns of locks that other threads may hold: those of torch wait for work, and the child writes,
            # logs and imports nothing.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                self._pid = os.fork()
            except OSError as problem:
                raise OutOfResources(f"no process for a lane can be made ({problem}); --threads 1 needs none") from None
        if not self._pid:
            try:
                self._connection.close()
                _live(_Lane(model, functions, self._gradients), theirs, parent)
            finally:
                os._exit(1)  # whatever happens, it must not go on as a second trainer
        theirs.close()

    def begin(self, function: str, training: bool, part: MicroBatch) -> None:
        """Call a function on a part; `result` waits for it."""
        self._send(_Asked(function, training, part))

    def wait(self) -> None:
        """Until what was begun has ended, well or not."""
        self._answer = self._receive()

    def result(self) -> tuple[Tensor, list[Tensor | None]]:
        """The sums, and the gradients of the parameters in their order, which stay until the next `begin`."""
        answer = self._answer
        if answer.error is not None:
            raise answer.error
        found: list[Tensor | None] = [
            gradient if number in answer.dense else None for number, gradient in enumerate(self._gradients)
        ]
        for number, rows in answer.rows.items():
            whole = self._gradients[number]
            found[number] = torch.sparse_coo_tensor(
                torch.from_numpy(rows)[None], whole[: len(rows)], whole.shape, is_coalesced=True, check_invariants=False
            )
        return torch.from_numpy(answer.value), found

    def peak_bytes(self, *, restart: bool = False, give_back: bool = False) -> int:
        """The most memory that this process has held beyond what it shares with its parent.

        Args:
            restart: Count from now on; the peak so far is told.
            give_back: Whether it shall first give back what it keeps for later.
        """
        self._send(_Memory(restart, give_back))
        return int(self._receive().value)

    def close(self) -> int:
        """End the process, in the middle of its work if nobody waited for that.

        Returns:
            As `peak_bytes`; 0 where it can no longer be asked.
        """
        if not self._pid:
            return 0
        peak = 0
        if self._is_busy:
            os.kill(self._pid, signal.SIGKILL)
        else:
            with suppress(OutOfResources):
                peak = self.peak_bytes()
                self._send(None)
        if self._pid:
            self._connection.close()
            os.waitpid(self._pid, 0)
            self._pid = 0
        return peak

    def _send(self, message: _Asked | _Memory | None) -> None:
        try:
            self._connection.send(message)
        except OSError:
            self._has_ended()
        self._is_busy = True

    def _receive(self) -> _Answer:
        try:
            answer: _Answer = self._connection.recv()
        except (EOFError, OSError):
            self._has_ended()
        self._is_busy = False
        return answer

    def _has_ended(self) -> NoReturn:
        pid, self._pid = self._pid, 0
        self._connection.close()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pid else 0
        why = f"by signal {-code}" if code < 0 else f"with code {code}"
        hint = "; the system ends processes so when memory runs out" if code == -signal.SIGKILL else ""
        raise OutOfResources(
            f"a process that trained beside this one was ended {why}{hint}. The same command continues"
        )


class _Lane:
    """What the process does."""

    def __init__(self, model: nn.Module, functions: Mapping[str, Function], gradients: Sequence[Tensor]) -> None:
        self.model = model
        self.functions = functions
        self.gradients = gradients
        self.written: set[int] = set()
        self.inherited = 0

    def begin(self) -> None:
        """Make this process fit to be one lane."""
        self.inherited = status_bytes("RssAnon") or 0
        torch.set_num_threads(1)
        gc.freeze()  # what was inherited is not looked at again: that would copy its pages
        for number, parameter in enumerate(self.model.parameters()):
            parameter.grad = None
            if parameter.requires_grad:
                parameter.register_post_accumulate_grad_hook(self._take(number))

    def _take(self, number: int) -> Callable[[Tensor], None]:
        place, written = self.gradients[number], self.written

        def take(parameter: Tensor) -> None:
            """Copy a gradient while the cache has it, and free it."""
            gradient = parameter.grad
            assert gradient is not None
            if gradient.is_sparse:
                return
            if number in written:
                place.add_(gradient)
            else:
                place.copy_(gradient)
                written.add(number)
            parameter.grad = None

        return take

    def answer(self, asked: _Asked | _Memory) -> _Answer:
        if isinstance(asked, _Memory):
            shared = self.inherited + sum(status_bytes(kind) or 0 for kind in ("RssFile", "RssShmem"))
            peak = (peak_bytes() or 0) - shared
            if asked.restart:
                restart_peak(asked.give_back)
            return _Answer(max(0, peak))
        self.written.clear()
        if self.model.training != asked.training:
            self.model.train(asked.training)
        sums = self.functions[asked.function](self.model, asked.part)
        rows = {}
        for number, parameter in enumerate(self.model.parameters()):
            if parameter.grad is not None:  # of few rows
                gradient, parameter.grad = parameter.grad.coalesce(), None
                rows[number] = gradient.indices()[0].numpy()
                self.gradients[number][: len(rows[number])] = gradient.values()
        return _Answer(sums.numpy(), frozenset(self.written), rows)


def _live(lane: _Lane, connection: Connection, parent: int) -> NoReturn:
    """Answer until nothing more is asked, then end."""
    # The parent decides when to stop; when it is killed, so is this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    lane.begin()
    while os.getppid() == parent and (asked := connection.recv()) is not None:
        try:
            answer = lane.answer(asked)
        except BaseException as problem:  # the parent raises it
            answer = _Answer(error=_sendable(problem))
        connection.send(answer)
    os._exit(0)


def _sendable(problem: BaseException) -> BaseException:
    """An error with its trace as a note, since the trace itself cannot leave its process."""
    trace = "".join(traceback.format_exception(problem))
    if not isinstance(problem, FirstwordsError) and type(problem).__module__ != "builtins":
        return RuntimeError(trace)  # its class may not be made anew from its message
    problem.add_note(trace)
    return problem
