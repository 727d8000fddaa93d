"""What a line of a benchmark is given, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a line finds its data, where it may write, and whether to be quick."""

    data: Path
    work: Path
    quick: bool


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One figure beside its bar.

    `met` is None where a figure is told for its own sake; `note` says how it came about (shares, readings, seconds).
    """

    name: str
    figure: float
    unit: str
    bar: float | None = None
    at_least: bool = True
    peer: str | None = None
    peer_version: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "figure", float(self.figure))  # a number of NumPy is not one of JSON's

    @property
    def met(self) -> bool | None:
        """Whether the figure reaches its bar."""
        if self.bar is None:
            return None
        return self.figure >= self.bar if self.at_least else self.figure <= self.bar


Line = Callable[[Setting], list[Judged]]
