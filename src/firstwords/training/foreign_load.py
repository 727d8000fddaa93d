"""What other programs take from this machine while it trains."""

from __future__ import annotations

import os
import time
from pathlib import Path


class ForeignLoad:
    """How many cores other processes keep busy, from its making until it is asked."""

    def __init__(self) -> None:
        self._begin = self._now()

    def cores(self) -> float | None:
        """Busy cores on average, without this process and its children; None where the system does not say."""
        begin, end = self._begin, self._now()
        if begin is None or end is None or end[0] <= begin[0]:
            return None
        return max(0.0, (end[1] - begin[1]) / (end[0] - begin[0]))

    @staticmethod
    def _now() -> tuple[float, float] | None:
        """Time, and processor time of all others, in seconds."""
        try:
            fields = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
            # user nice system idle iowait irq softirq steal
            busy = (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None
        return time.monotonic(), busy - sum(os.times()[:4]) - _of_living_children()


def _of_living_children() -> float:
    """Processor seconds of children that have not ended: lanes, and processes that read ahead."""
    ticks = 0
    try:
        for task in Path("/proc/self/task").iterdir():
            for child in (task / "children").read_text().split():
                # utime stime cutime cstime
                ticks += sum(map(int, Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:15]))
    except OSError:
        pass  # one that ends just now, or a system that does not say
    return ticks / os.sysconf("SC_CLK_TCK")
