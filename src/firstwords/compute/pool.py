"""Where data tasks run: the contract of a pool.

A task is a function of files; its result is a receipt. So any pool gives the same bytes, and what one pool
began another can finish.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firstwords.recipe import Component


@dataclass(frozen=True, kw_only=True)
class Pool(Component):
    """Base of all pools."""

    @abstractmethod
    def run(
        self, function: Callable[..., Any], tasks: Mapping[str, tuple[Any, ...]], done: Callable[..., None]
    ) -> None:
        """Call `function(*tasks[key])` for every key, somewhere, and `done(key, result)` here as each one ends.

        The first exception of a task is raised here after the running tasks have ended; results before it are kept.
        """

    @abstractmethod
    def prepare(self, modules: tuple[str, ...]) -> None:
        """Tasks will come soon: begin what can go on beside other work. `modules` are what the tasks will import."""

    @abstractmethod
    def close(self) -> None:
        """Give back what the pool holds between calls of `run`; it may be used again."""

    @abstractmethod
    def limited(self, workers: int) -> "Pool":
        """The same pool with at most so many workers."""
