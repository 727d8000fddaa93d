"""The lines of `make bench-pretrain`, in the order in which they run."""

from benchmarks.line import Line
from benchmarks.pretrain import speed, startup

LINES: dict[str, Line] = {
    "matched": speed.matched,
    "small": speed.small,
    "masked": speed.masked,
    "startup": startup.startup,
}
