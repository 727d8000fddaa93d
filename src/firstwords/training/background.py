"""One piece of work at a time beside training: writing a checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Background:
    """Runs functions in a thread, one after another.

    What goes wrong there is raised here, in whoever starts the next one or waits; nothing is lost silently.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._problem: BaseException | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a function is running."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, function: Callable[[], None]) -> None:
        """Run a function when the one before has ended.

        Raises:
            BaseException: Whatever the one before raised.
        """
        self.wait()
        # Not a daemon: a process that ends in an orderly way finishes what it began to write.
        self._thread = threading.Thread(target=self._run, args=(function,), name="checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Return when nothing runs.

        Raises:
            BaseException: Whatever the last function raised; once.
        """
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def _run(self, function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as problem:  # handed on to the thread that asked
            self._problem = problem
