"""What a person sees: one aligned line for every stage, on standard error, readable without colour."""

import re
import shutil
import sys
import time
from typing import TextIO

NAME_WIDTH = 22
IDENTITY_WIDTH = 12
MINUTE = 60
HOUR = 3600
NO_LIMIT = 10**6


def duration(seconds: float) -> str:
    """A time for people: `0.4 s`, `31 s`, `2 min 05 s`, `3 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min {int(seconds % MINUTE):02d} s"
    return f"{int(seconds // HOUR)} h {int(seconds % HOUR // MINUTE):02d} min"


# Control characters except tab and line feed, and signs that turn the direction of what follows.
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Text from a document that cannot command a terminal: control characters are shown as a replacement character."""
    return _COMMANDS.sub("\ufffd", text).encode("utf-8", "replace").decode("utf-8")


def _folded(head: str, parts: list[str], width: int) -> list[str]:
    """Parts side by side behind a head, in as many lines as a width asks for."""
    lines = [head + parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + 3 + len(part) <= width:
            lines[-1] += f"   {part}"
        else:
            lines.append(" " * len(head) + part)
    return lines


class StreamConsole:
    """Writes lasting lines, and on a terminal a live line that is replaced."""

    def __init__(self, stream: TextIO | None = None, interval: float = 0.2) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        # Without a terminal a live line would fill a log: say something now and then instead.
        self._interval = interval if self._live else 15.0
        self._last = 0.0
        # When each was first heard of, and how much of it was over then: a run that goes on begins in the middle.
        self._started: dict[str, tuple[float, float]] = {}
        self._shown = False

    def start(self, name: str) -> None:
        """A stage begins: its time left is counted from the first that is heard of it."""
        self._started.pop(name, None)
        self._last = time.monotonic()

    def progress(self, name: str, text: str, share: float | None) -> None:
        """Replace the live line."""
        now = time.monotonic()
        begin, over = self._started.setdefault(name, (now, share or 0.0))
        if now - self._last < self._interval:
            return
        self._last = now
        left = ""
        if share and over < share < 1:
            left = f"   {duration((now - begin) * (1 - share) / (share - over))} left"
        line = f"{name:<{NAME_WIDTH}} {text}{left}"
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[K{line[:width]}")
            self._shown = True
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def note(self, text: str) -> None:
        """Print lasting lines."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._shown = False
        self._stream.write(text + "\n")
        self._stream.flush()

    def stage(self, name: str, identity: str | None, text: str, seconds: float | None) -> None:
        """The lasting line of a stage; what does not fit a terminal stands below, in the same column."""
        head = f"{name:<{NAME_WIDTH}} {identity or '':<{IDENTITY_WIDTH}} "
        parts = [text] if seconds is None else [text, duration(seconds)]
        width = shutil.get_terminal_size().columns if self._live else NO_LIMIT
        self.note("\n".join(_folded(head, "   ".join(parts).split("   "), width)))


class SilentConsole(StreamConsole):
    """For use from Python: says nothing."""

    def progress(self, name: str, text: str, share: float | None) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
